import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { isAbsence } from '../errors.ts';
import { objectSizes } from '../storage/git/cat-file.ts';
import type { Layer, PackageFile, Revision, Storage } from '../storage/storage.ts';

/** A revision and what its storage holds of it. */
export interface Listed {
  readonly revision: Revision;
  readonly files: readonly PackageFile[];
  readonly zip: string | undefined;
}

/** What a storage holds of a revision: its files, or the zip alone, whose path is ''. */
export function storedFiles({ files, zip }: Omit<Listed, 'revision'>): readonly PackageFile[] {
  return zip === undefined ? files : [{ path: '', content: zip }];
}

/**
 * The sizes in bytes of what a storage holds of revisions, by content; none of what it lacks. `placeOf` gives the path of a
 * revision on disk, for a folder storage.
 */
export async function contentSizes(
  storage: Storage,
  listed: readonly Listed[],
  placeOf: (revision: Revision) => string,
): Promise<ReadonlyMap<string, number>> {
  if (storage.kind === 'mixed') {
    const own = listed.filter(({ zip = '' }) => !storage.zipSizes.has(zip));
    return new Map([...storage.zipSizes, ...(storage.own ? await contentSizes(storage.own, own, placeOf) : [])]);
  }
  const stored = listed.flatMap((one) =>
    storedFiles(one).map(({ path, content }) => ({ path, content, revision: one.revision })),
  );
  if (storage.kind === 'git')
    return await objectSizes(storage.repository.directory, [...new Set(stored.map(({ content }) => content))]);
  const limit = pLimit(FILES_AT_ONCE);
  const sizes = await Promise.all(
    stored.map(({ content, path, revision }) =>
      limit(async () => [content, await sizeOf(join(placeOf(revision), path))] as const),
    ),
  );
  return new Map(sizes.flatMap(([content, size]) => (size === undefined ? [] : [[content, size]])));
}

const FILES_AT_ONCE = 32;

/** Where a revision of a layer that is a folder lies on disk. */
export function placeIn(layers: readonly Layer[]): (revision: Revision) => string {
  const roots = new Map(layers.map(({ name, ref }) => [name, ref]));
  return ({ name, version, layer, zipped }) =>
    join(roots.get(layer) ?? '', zipped ? `${name}-${version}.zip` : `${name}/${version}`);
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
