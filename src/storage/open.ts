import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Stop } from '../errors.ts';
import { openDirectoryStorage } from './directory.ts';
import { git } from './git/command.ts';
import { cloneStorage, openGitStorage } from './git/storage.ts';
import type { Storage } from './storage.ts';

/**
 * Opens a storage by what it is: a git URL or bundle (cloned bare under `cache`), a git repository, or a folder of layers.
 * Throws a `Stop` where there is nothing of the kind.
 */
export async function openStorage(
  location: string,
  { isUrl, cache, offline }: { isUrl: boolean; cache: string; offline: boolean },
): Promise<Storage> {
  if (isUrl) return await openGitStorage(await cloneStorage(location, { cache, offline }), cache);
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
    return await openGitStorage(await cloneStorage(location, { cache, offline }), cache);
  }
  return (await isRepository(location)) ? await openGitStorage(location, cache) : openDirectoryStorage(location);
}

/** Whether a storage is git, of whatever kind, and has a tag of this name. Throws as `openStorage` does. */
export async function storageHasTag(
  location: string,
  tag: string,
  { isUrl, cache, offline }: { isUrl: boolean; cache: string; offline: boolean },
): Promise<boolean> {
  const found = isUrl ? undefined : await stat(location).catch(() => undefined);
  if (!isUrl && (!found || (found.isDirectory() && !(await isRepository(location))))) return false;
  const isClone = isUrl || (found?.isFile() && (await isBundle(location)));
  if (!isClone && found?.isFile()) return false;
  const repository = isClone ? await cloneStorage(location, { cache, offline }) : location;
  return (await git(['-C', repository, 'for-each-ref', '--format=%(refname)', `refs/tags/${tag}`])).trim() !== '';
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
  return await stat(path).then(
    () => true,
    () => false,
  );
}
