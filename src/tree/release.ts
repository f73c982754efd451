import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryName } from './commit/leftovers.ts';
import { document } from './json.ts';
import { RELEASE } from './layout.ts';

/*
 * `release.json`: what a site was built from. It is the one file of a site that its manifest does not list.
 */

export interface Release {
  readonly distribution: string;
  /** The registry version that the site reports. */
  readonly registry: string;
  readonly generator: string;
  readonly layers: readonly { readonly name: string; readonly ref?: string; readonly commit?: string }[];
  /** The digest of the site manifest: SHA-256 in hex over all its parts. */
  readonly manifest: string;
}

/** Reads the release of the site in a folder; undefined where there is no site. Throws an Error where it can't be read. */
export async function readRelease(folder: string): Promise<Release | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, RELEASE), 'utf8')) as Release;
  } catch (error) {
    const isAbsent = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
    if (isAbsent || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes `release.json` into the site in a folder, at once. */
export async function writeRelease(folder: string, release: Release): Promise<void> {
  const path = join(folder, RELEASE);
  const { distribution, registry, generator, layers, manifest } = release;
  const written = { distribution, registry, generator, layers: layers.map(layerOf), manifest };
  await writeFile(temporaryName(path), document(written));
  await rename(temporaryName(path), path);
}

function layerOf({ name, ref, commit }: Release['layers'][number]): Record<string, string> {
  return commit === undefined || ref === undefined ? { name } : { name, ref, commit };
}
