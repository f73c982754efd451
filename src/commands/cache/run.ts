import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CACHE_FOLDERS, cacheFolder } from '../../cache-folders.ts';
import type { CacheFolder } from '../../cache-folders.ts';

export interface PruneOptions {
  readonly cache: string;
  /** Also removes the clones of storages, which the next build fetches again. */
  readonly all: boolean;
  readonly dryRun: boolean;
}

export interface PruneReport {
  readonly cache: string;
  readonly removed: readonly string[];
  /** The size of the removed files. Files that a site shares stay on disk as parts of the site. */
  readonly bytes: number;
}

/** Removes what builds keep in the cache, and the clones only if asked. The next build makes everything again. */
export async function pruneCache({ cache, all, dryRun }: PruneOptions): Promise<PruneReport> {
  const folder = resolve(cache);
  const names = (Object.keys(CACHE_FOLDERS) as CacheFolder[]).filter(
    (name) => all || CACHE_FOLDERS[name] === 'made again',
  );
  const removed = names.filter((name) => existsSync(cacheFolder(folder, name)));
  let bytes = 0;
  for (const name of removed) bytes += await sizeOf(cacheFolder(folder, name));
  if (!dryRun) for (const name of removed) await rm(cacheFolder(folder, name), { recursive: true, force: true });
  return { cache: folder, removed, bytes };
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? await sizeOf(path) : (await stat(path)).size;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
