import { readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

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

/** The folders that builds can make again from the storages, and the lists of changes, which no build needs. */
const MADE = ['archives', 'changes', 'contents', 'encoded', 'entries', 'state', 'stats', 'zips'];

/** Removes what builds keep in the cache, and the clones only if asked. The next build makes everything again. */
export async function pruneCache({ cache, all, dryRun }: PruneOptions): Promise<PruneReport> {
  const folder = resolve(cache);
  const there: string[] = await readdir(folder).catch(() => []);
  const removed = [...MADE, ...(all ? ['git'] : [])].filter((name) => there.includes(name));
  let bytes = 0;
  for (const name of removed) bytes += await sizeOf(join(folder, name));
  if (!dryRun) for (const name of removed) await rm(join(folder, name), { recursive: true, force: true });
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
