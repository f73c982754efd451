import { createHash } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cacheFolder } from '../../cache-folders.ts';
import { isAbsence, Stop } from '../../errors.ts';
import { clearLeftovers, temporaryName } from '../../tree/commit/leftovers.ts';
import { withLock } from '../../tree/commit/lock.ts';
import { git, uploadPack, withoutCredentials } from './command.ts';

export interface CloneOptions {
  /** The folder that holds what can be made again. */
  readonly cache: string;
  readonly offline: boolean;
  /** Is told of each process that has to be waited for, since it clones or fetches the same. */
  readonly onWait?: ((holder: string) => void) | undefined;
}

/**
 * A local bare clone of a bundle or of a repository elsewhere, made under `cache` and fetched again on later builds; its folder.
 * Throws a `Stop` where there is no clone yet and `offline` forbids to make one, and where git fails.
 */
export async function cloneStorage(
  source: string,
  { cache, offline, onWait = () => undefined }: CloneOptions,
): Promise<string> {
  const shown = withoutCredentials(source);
  const key = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const clone = join(cacheFolder(cache, 'git'), `${basename(shown).replace(/[^A-Za-z0-9._-]/g, '_')}-${key}`);
  const isOffline = offline && !(await isFileAt(source));
  if (isOffline && !(await isFileAt(join(clone, 'HEAD'))))
    throw new Stop('offline', `${shown} was never fetched`, 'run once without --offline');
  if (!isOffline) await withLock(clone, { onWait }, async () => await update(clone, source));
  return clone;
}

/** Makes a clone, or fetches into it, while no other process does. */
async function update(clone: string, source: string): Promise<void> {
  clearLeftovers(dirname(clone), basename(clone));
  if (await isFileAt(join(clone, 'HEAD'))) {
    const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
    await git([
      '--git-dir',
      clone,
      'fetch',
      '--quiet',
      '--prune',
      '--no-auto-gc',
      ...uploadPack(source),
      '--',
      source,
      ...refs,
    ]);
    return;
  }
  const temporary = temporaryName(clone);
  try {
    await git(['clone', '--quiet', '--bare', ...uploadPack(source), '--', source, temporary]);
    await git(['--git-dir', temporary, 'config', '--remove-section', 'remote.origin']); // the URL may hold a password
    await rename(temporary, clone);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function isFileAt(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}
