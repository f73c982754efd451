import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasEncoded } from './encoded.ts';
import { ENCODED_LIST } from './layout.ts';
import { filesIn } from './list-lines.ts';
import { eachPackage, manifestPartPaths } from './manifest.ts';

/*
 * What to look at in order to see whether the files of a list are as a build left them (`touched.ts`). Contents and folders are far
 * fewer than files, and cheaper to read than the list.
 */

/** The different contents of some files, in columns, and the folders that these lie in. */
export interface Glance {
  /** Without the folder of the site itself. */
  readonly folders: readonly string[];
  /** One file of each content. */
  readonly paths: readonly string[];
  /** Bytes. */
  readonly sizes: readonly number[];
  /** SHA-256, in hex. */
  readonly digests: readonly string[];
  /** How many of the files have the content. */
  readonly counts: readonly number[];
}

/** The lists of a site's files: the parts of the manifest, and the list of compressed forms where it has some. */
export async function listPaths(folder: string): Promise<string[]> {
  const parts = await manifestPartPaths(folder);
  return hasEncoded(folder) ? [...parts, ENCODED_LIST] : parts;
}

/** The lists of a site in sections, each with its digest: a package's files, the other files, and the forms. */
export async function* sectionsOf(folder: string): AsyncGenerator<{ readonly digest: string; readonly lines: Buffer }> {
  for await (const { lines } of eachPackage(folder)) yield { digest: digestOf(lines), lines };
  if (!hasEncoded(folder)) return;
  const lines = await readFile(join(folder, ENCODED_LIST));
  yield { digest: digestOf(lines), lines };
}

function digestOf(lines: Buffer): string {
  return createHash('sha256').update(lines).digest('hex');
}

/** The glance of a section. */
export function glanceOf(lines: Buffer): Glance {
  const folders = new Set<string>();
  const contents = new Map<string, { readonly path: string; readonly size: number; count: number }>();
  let last = '';
  for (const { path, size, digest } of filesIn(lines)) {
    const known = contents.get(digest);
    if (known) known.count++;
    else contents.set(digest, { path, size, count: 1 });
    const own = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (own !== last) addFolders(folders, path);
    last = own;
  }
  const found = [...contents.values()];
  return {
    folders: [...folders],
    paths: found.map(({ path }) => path),
    sizes: found.map(({ size }) => size),
    digests: [...contents.keys()],
    counts: found.map(({ count }) => count),
  };
}

/** Adds the folders that a path lies in. */
export function addFolders(folders: Set<string>, path: string): void {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const folder = path.slice(0, end);
    if (folders.has(folder)) return;
    folders.add(folder);
  }
}
