import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsence, Stop } from '../errors.ts';
import { clearLeftovers } from '../tree/commit/leftovers.ts';
import { openDirectoryStorage } from './directory.ts';
import { cloneStorage } from './git/clone.ts';
import type { CloneOptions } from './git/clone.ts';
import { openGitStorage } from './git/storage.ts';
import type { Storage } from './storage.ts';

/** How a storage is opened. */
export interface OpenOptions extends CloneOptions {
  readonly isUrl: boolean;
  /** Reads a folder as if nothing were known of it, and keeps nothing. */
  readonly readsAnew?: boolean;
}

/**
 * Opens a storage: a git URL or bundle (cloned into `cache`), a git repository, or a folder of layers. Throws a `Stop`
 * if the location is none of these.
 */
export async function openStorage(
  location: string,
  { isUrl, readsAnew = false, ...options }: OpenOptions,
): Promise<Storage> {
  const { cache } = options;
  if (isUrl) return await openClone(location, options);
  const found = await stat(location).catch((error: unknown) => {
    throw new Stop(
      'no-storage',
      `the storage ${location} does not exist`,
      'set `storage` in the config, or --storage',
      error,
    );
  });
  if (found.isFile()) {
    if (!(await isBundle(location)))
      throw new Stop(
        'no-storage',
        `${location} is a file but no git bundle`,
        'a storage is a folder, a git repository, a bundle or a URL',
      );
    return await openClone(location, options);
  }
  return (await isRepository(location))
    ? await openGitStorage(location, { cache, isClone: false })
    : await openFolder(location, readsAnew ? undefined : cache);
}

async function openFolder(location: string, cache: string | undefined): Promise<Storage> {
  if (cache !== undefined) clearLeftovers(join(cache, 'stats'), '');
  return openDirectoryStorage(location, cache);
}

async function openClone(location: string, options: CloneOptions): Promise<Storage> {
  return await openGitStorage(await cloneStorage(location, options), { cache: options.cache, isClone: true });
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
