import { readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

export interface PruneOptions {
  readonly cache: string;
  /** Also the clones of storages, which have to be fetched again. */
  readonly all: boolean;
  readonly dryRun: boolean;
}

export interface PruneReport {
  readonly cache: string;
  readonly removed: readonly string[];
  /** What these files take; those that a site shares stay on disk as the site's. */
  readonly bytes: number;
}

/** What builds can make again from the storages alone, and the lists of changes, which are of no use to builds. */
const MADE = ['archives', 'changes', 'contents', 'entries', 'state', 'stats', 'zips'];

/** Empties the cache: what builds have kept, and the clones only when asked. The next build makes it all again. */
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
