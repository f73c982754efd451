import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Stop } from '../../errors.ts';
import { verifySite } from '../../inspect/verify/verify.ts';
import type { Verified } from '../../inspect/verify/verify.ts';
import type { Progress } from '../../report.ts';
import { REGISTRY } from '../../tree/layout.ts';

export interface VerifyOptions {
  /** The folder of a site, as a build made it or as a bundle was unpacked. */
  readonly folder: string;
}

export interface VerifyReport extends Verified {
  readonly folder: string;
}

/** Reads a whole site again, and the folders of hosts beside it. Throws a `Stop` where there is no site. */
export async function verify(options: VerifyOptions, progress: Progress): Promise<VerifyReport> {
  const folder = resolve(options.folder);
  if (!existsSync(join(folder, REGISTRY)))
    throw new Stop('no-site', `${folder} holds no site`, 'give the folder of a site, such as dist/staging');
  try {
    return { folder, ...(await verifySite(folder, (done, total) => progress.step('verify', done, total))) };
  } finally {
    progress.end();
  }
}
