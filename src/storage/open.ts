import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folders.ts';
import { isAbsence, Stop } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { clearLeftovers } from '../tree/commit/leftovers.ts';
import { openDirectoryStorage } from './directory.ts';
import { cloneStorage } from './git/clone.ts';
import type { CloneOptions } from './git/clone.ts';
import { openGitStorage } from './git/storage.ts';
import type { OwnStorage } from './storage.ts';

/** How a storage is opened. */
export interface OpenOptions extends CloneOptions {
  readonly isUrl: boolean;
  readonly limits: Limits;
  /** Reads a folder as if nothing were known of it, and keeps nothing. */
  readonly readsAnew?: boolean;
}

/** How a storage is found. */
export type LocateOptions = Omit<OpenOptions, 'readsAnew' | 'limits'>;

/** Where a storage lies on this machine. */
export interface Located {
  readonly kind: OwnStorage['kind'];
  readonly folder: string;
  /** Whether it is a copy in the cache, of a bundle or of a repository elsewhere. */
  readonly isClone: boolean;
}

/**
 * Opens a storage: a git URL or bundle (cloned into `cache`), a git repository, or a folder of layers. Throws a `Stop`
 * if the location is none of these.
 */
export async function openStorage(
  location: string,
  { readsAnew = false, ...options }: OpenOptions,
): Promise<OwnStorage> {
  const { cache, limits } = options;
  const { kind, folder, isClone } = await locateStorage(location, options);
  if (kind === 'git') return await openGitStorage(folder, { cache, isClone, limits });
  return await openFolder(folder, { limits, cache: readsAnew ? undefined : cache });
}

/** Finds a storage, and clones or fetches one that is a git URL or a bundle. Throws as `openStorage` does. */
export async function locateStorage(location: string, { isUrl, ...options }: LocateOptions): Promise<Located> {
  if (isUrl) return { kind: 'git', folder: await cloneStorage(location, options), isClone: true };
  const found = await stat(location).catch((error: unknown) => {
    throw new Stop(
      'no-storage',
      `the storage ${location} does not exist`,
      'correct `storage` in the distributions file, or name another one with --storage',
      error,
    );
  });
  if (!found.isFile())
    return { kind: (await isRepository(location)) ? 'git' : 'directory', folder: location, isClone: false };
  if (await isBundle(location)) return { kind: 'git', folder: await cloneStorage(location, options), isClone: true };
  throw new Stop(
    'no-storage',
    `${location} is a file but no git bundle`,
    'a storage is a folder, a git repository, a bundle or a URL',
  );
}

async function openFolder(
  location: string,
  { cache, limits }: { readonly cache: string | undefined; readonly limits: Limits },
): Promise<OwnStorage> {
  if (cache !== undefined) clearLeftovers(cacheFolder(cache, 'stats'), '');
  return openDirectoryStorage(location, { cache, limits });
}

async function isRepository(folder: string): Promise<boolean> {
  if (await exists(join(folder, '.git'))) return true;
  const parts = await Promise.all(['HEAD', 'objects', 'refs'].map((name) => exists(join(folder, name))));
  return parts.every(Boolean);
}

async function isBundle(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return /^# v[23] git bundle/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}
