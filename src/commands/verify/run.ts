import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readKeyFiles } from '../../config.ts';
import { Stop } from '../../errors.ts';
import { comparePaths } from '../../paths.ts';
import { otherSiteFindings, readGivenRelease } from '../../inspect/verify/against.ts';
import { signatureFindings } from '../../inspect/verify/signatures.ts';
import { verifySite } from '../../inspect/verify/verify.ts';
import type { Verified } from '../../inspect/verify/verify.ts';
import type { Progress } from '../../report.ts';
import { REGISTRY } from '../../tree/layout.ts';

export interface VerifyOptions {
  /** The folder of a site, as a build made it or as a bundle was unpacked. */
  readonly folder: string;
  /** Files of armored public keys, by which signatures are verified; none, and they are not. */
  readonly keys: readonly string[];
  /** The `release.json` of the site that it has to be, or a bundle of it. */
  readonly against?: string | undefined;
}

export interface VerifyReport extends Verified {
  readonly folder: string;
}

/** Reads a whole site again, and the folders of hosts beside it. Throws a `Stop` where there is no site. */
export async function verify(options: VerifyOptions, progress: Progress): Promise<VerifyReport> {
  const folder = resolve(options.folder);
  if (!existsSync(join(folder, REGISTRY)))
    throw new Stop('no-site', `${folder} holds no site`, 'give the folder of a site, such as dist/staging');
  const given = options.against === undefined ? undefined : await readGivenRelease(resolve(options.against));
  const keys = await readKeyFiles(options.keys.map((file) => resolve(file)));
  try {
    const site = await verifySite(folder, (done, total) => progress.step('verify', done, total));
    const signatures = keys.length === 0 ? [] : await signatureFindings(folder, keys);
    const other = given === undefined ? [] : otherSiteFindings(folder, given);
    const findings = [...other, ...site.findings, ...signatures].sort((a, b) => comparePaths(a.where, b.where));
    return { folder, ...site, findings };
  } finally {
    progress.end();
  }
}
