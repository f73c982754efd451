import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../tree/make-folder.ts';
import { cacheFolder } from '../../cache-folders.ts';
import type { Limits } from '../../limits.ts';
import { clearLeftovers, temporaryName } from '../../tree/commit/leftovers.ts';
import { Lack, NOT_THERE } from '../lack.ts';
import { memoized } from '../memoized.ts';
import type { GitStorage } from '../storage.ts';
import { zipPackages } from '../zip-packages.ts';
import type { CatFile } from './cat-file.ts';
import { readLayer } from './layer.ts';
import { listTree } from './list-tree.ts';
import { readNamedTree } from './named-tree.ts';
import { openRepository } from './repository.ts';
import { treeMeasurer } from './tree-extents.ts';

/**
 * A git repository (bare or not) as a storage. Nothing is checked out: trees and blobs are read by id. `isClone` tells that it
 * is a copy of ours, which nobody must change.
 */
export async function openGitStorage(
  folder: string,
  { cache, isClone, limits }: { cache: string; isClone: boolean; limits: Limits },
): Promise<GitStorage> {
  const repository = await openRepository(folder, limits);
  const { objects } = repository;
  clearLeftovers(cacheFolder(cache, 'zips'), '');
  const zips = zipPackages((id) => zipFile(objects, cache, id), limits);
  const sizes = knownSizes(objects);
  const trees = { readTree: memoized((id) => readNamedTree(objects, id), RECENT), sizes };
  const source = { ...trees, measureTree: treeMeasurer(trees, limits) };
  return {
    kind: 'git',
    limits,
    repository,
    isClone,
    readLayer: (spec) => readLayer(repository, spec, limits),
    listFiles: (revision) =>
      revision.zipped ? zips.list(revision, revision.source) : listTree(source, revision, limits),
    extent: async (revision) => {
      if (revision.zipped) return await zips.extent(revision);
      const extent = await source.measureTree(revision.source);
      return typeof extent === 'string' ? undefined : { files: extent.entries, bytes: extent.bytes };
    },
    size: async (content) => zips.size(content) ?? (await sizes([content])).get(content),
    read: async (content) => (await zips.read(content)) ?? (await objects.read(content, 'blob')),
    lacks: async (contents) => {
      const asked = contents.filter((content) => !zips.holds(content));
      const found = await sizes(asked);
      return new Map(asked.flatMap((content) => (found.has(content) ? [] : [[content, NOT_THERE]])));
    },
    close: async () => {
      await zips.close();
      await repository.close();
    },
  };
}

/** Versions of a package share most of their folders. */
const RECENT = {
  most: 2000,
  isLarge: (tree: Awaited<ReturnType<typeof readNamedTree>>): boolean => !(tree instanceof Lack) && tree.length > 500,
};

/** The sizes of contents, by id; none of those that the repository lacks. Git is asked once for each. */
function knownSizes(objects: CatFile): (contents: readonly string[]) => Promise<ReadonlyMap<string, number>> {
  const known = new Map<string, number>();
  const asked = new Map<string, Promise<void>>();
  const look = async (id: string): Promise<void> => {
    const facts = await objects.look(id);
    if (facts?.type === 'blob') known.set(id, facts.size);
    asked.delete(id);
  };
  return async (contents) => {
    const unknown = new Set(contents.filter((id) => !known.has(id)));
    for (const id of unknown) if (!asked.has(id)) asked.set(id, look(id));
    await Promise.all([...unknown].map((id) => asked.get(id)));
    return known;
  };
}

/** yauzl needs a file in which it can seek, so a zip that is a blob is written beside the clone once. */
async function zipFile(objects: CatFile, cache: string, id: string): Promise<string | Lack> {
  const file = join(cacheFolder(cache, 'zips'), `${id}.zip`);
  const bytes = await objects.read(id, 'blob');
  if (bytes instanceof Lack) return bytes;
  makeFolder(dirname(file));
  await writeFile(temporaryName(file), bytes);
  await rename(temporaryName(file), file);
  return file;
}
