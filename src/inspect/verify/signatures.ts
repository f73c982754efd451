import { basename, join } from 'node:path';
import type { KeyFile } from '../../config.ts';
import type { Finding } from '../../errors.ts';
import { verificationFault } from '../../package/signature.ts';
import { fileKinds } from '../../tree/kinds.ts';
import { eachListedFile } from '../../tree/manifest.ts';
import { isFile, readIfFile } from './disk.ts';

/**
 * Verifies the signatures that a site lists by some keys. A pair of which a file is missing is passed over: that it is missing is a finding of
 * its own. Throws a `Stop` if a file of keys is broken.
 */
export async function signatureFindings(folder: string, keys: readonly KeyFile[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const { path } of eachListedFile(folder)) {
    if (!fileKinds.signature.path.test(path)) continue;
    const zip = path.slice(0, -'.sig'.length);
    const signature = readIfFile(join(folder, path));
    if (!signature || !isFile(join(folder, zip))) continue;
    const signed = { name: basename(zip), zip: join(folder, zip), isGenerated: false, signature };
    const text = await verificationFault(signed, keys);
    if (text !== undefined) findings.push({ code: 'signature', where: path, text, level: 'error' });
  }
  return findings;
}
