import { openZip, ZipError } from '../storage/zip-read.ts';
import type { ZipPackage } from '../storage/zip-read.ts';
import { quoted } from '../storage/zip-error.ts';
import { parseManifest, toText, YamlError } from '../package/yaml/yaml.ts';
import type { Limits } from '../limits.ts';
import type { Listed } from './mirroring.ts';
import { Refusal, spoiled } from './refusal.ts';

/**
 * Checks that a file is the zip of a revision: it is a zip as packages have it, within the limits, and whole; its top folder and its
 * manifest are called by the name and version that were asked for. Throws a `Refusal`.
 */
export async function checkZip(
  file: string,
  revision: Pick<Listed, 'name' | 'version'>,
  limits: Limits,
): Promise<void> {
  try {
    const zip = await openZip(file, limits);
    try {
      await checkContent(zip, revision, limits);
    } finally {
      await zip.close();
    }
  } catch (error) {
    if (error instanceof ZipError && error.code === 'limit')
      throw new Refusal(`gives a bad zip: ${error.message}`, { code: 'limit' });
    if (error instanceof ZipError) throw spoiled(`gives a bad zip: ${error.message}`);
    if (error instanceof YamlError) throw spoiled(`gives a zip with a bad manifest.yml: ${error.message}`);
    throw error;
  }
}

async function checkContent(
  zip: ZipPackage,
  { name, version }: Pick<Listed, 'name' | 'version'>,
  limits: Limits,
): Promise<void> {
  const top = `${name}-${version}`;
  if (zip.top !== top) throw spoiled(`gives a zip whose top folder is ${quoted(zip.top)}, not ${quoted(top)}`);
  for (const entry of zip.entries) for await (const _ of zip.pieces(entry));
  const manifest = zip.entries.find(({ path }) => path === 'manifest.yml');
  if (manifest === undefined) throw spoiled('gives a zip without a manifest.yml');
  const written = parseManifest(await zip.read(manifest), limits);
  for (const [key, asked] of Object.entries({ name, version })) {
    const found = toText(written[key] ?? null);
    if (found !== asked) throw spoiled(`gives a zip of another ${key}: ${quoted(String(found))}, not ${quoted(asked)}`);
  }
}
