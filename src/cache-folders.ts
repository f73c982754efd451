import { join } from 'node:path';

/**
 * The folders of the cache, and what becomes of one that is removed: builds make it again from the storages, or have to fetch it
 * again. ARCHITECTURE.md says what is in each.
 */
export const CACHE_FOLDERS = {
  contents: 'made again',
  encoded: 'made again',
  archives: 'made again',
  entries: 'made again',
  extents: 'made again',
  signatures: 'made again',
  state: 'made again',
  stats: 'made again',
  changes: 'made again',
  zips: 'made again',
  git: 'fetched again',
  registries: 'fetched again',
} as const satisfies Readonly<Record<string, 'made again' | 'fetched again'>>;

export type CacheFolder = keyof typeof CACHE_FOLDERS;

export function cacheFolder(cache: string, name: CacheFolder): string {
  return join(cache, name);
}
