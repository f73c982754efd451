import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { document } from './json.ts';
import type { SiteFile } from './site-writer.ts';

/*
 * A finished site that a target adds files to: what its manifest lists, and the manifest with more of them.
 */

/** Everything that the site manifest lists, in its order. */
export async function listedFiles(folder: string): Promise<SiteFile[]> {
  const files: SiteFile[] = [];
  for (const part of await manifestParts(folder))
    for (const line of (await readFile(part, 'utf8')).split('\n'))
      if (line !== '') files.push(JSON.parse(line) as SiteFile);
  return files;
}

/** Enters files that were put into the site: they become further parts of its manifest, whose digest `release.json` has. */
export async function extendSite(folder: string, files: readonly SiteFile[]): Promise<void> {
  const first = (await manifestParts(folder)).length;
  for (let i = 0; i * LINES < files.length; i++) {
    const lines = files.slice(i * LINES, (i + 1) * LINES).map(line);
    await writeFile(join(folder, `_registry/manifest/${first + i}.ndjson`), lines.join(''));
  }
  const digest = createHash('sha256');
  for (const part of await manifestParts(folder)) digest.update(await readFile(part));
  const release = join(folder, '_registry/release.json');
  const written = JSON.parse(await readFile(release, 'utf8')) as Record<string, string>;
  await writeFile(release, document({ ...written, manifest: digest.digest('hex') }));
}

/** Of a part, so that it keeps well below the 20 MiB that a part has at most. */
const LINES = 50_000;

function line({ path, size, digest, type, cache }: SiteFile): string {
  return `${JSON.stringify({ path, size, digest, type, cache })}\n`;
}

/** The files of a site manifest, in order: they are numbered. */
export async function manifestParts(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, '_registry/manifest'));
  return names
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => join(folder, '_registry/manifest', name));
}
