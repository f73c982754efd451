import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAbsence, Stop } from '../../errors.ts';
import { clearLeftovers, temporaryName } from '../../tree/commit/leftovers.ts';
import { git, withoutCredentials } from './command.ts';

/**
 * A local bare clone of a bundle or of a repository elsewhere, made under `cache` and fetched again on later builds.
 * Throws a `Stop` where there is no clone yet and `offline` forbids to make one.
 */
export async function cloneStorage(
  source: string,
  { cache, offline }: { cache: string; offline: boolean },
): Promise<string> {
  const shown = withoutCredentials(source);
  const key = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const clone = join(cache, 'git', `${basename(shown).replace(/[^A-Za-z0-9._-]/g, '_')}-${key}`);
  const isFile = await isFileAt(source);
  await clearLeftovers(dirname(clone), basename(clone));
  if (await isFileAt(join(clone, 'HEAD'))) {
    if (!offline || isFile) await fetchInto(clone, source);
    return clone;
  }
  if (offline && !isFile) throw new Stop('offline', `${shown} was never fetched`, 'run once without --offline');
  const temporary = temporaryName(clone);
  await mkdir(dirname(clone), { recursive: true });
  try {
    await git(['clone', '--quiet', '--bare', '--', source, temporary]);
    await git(['--git-dir', temporary, 'config', '--remove-section', 'remote.origin']); // the URL may hold a password
    await rename(temporary, clone).catch(async (error: unknown) => {
      if (!(await isFileAt(join(clone, 'HEAD')))) throw error; // another build was first
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return clone;
}

/** Fetches into the clone; where another build is fetching into it as well, git refuses one of them, which tries again. */
async function fetchInto(clone: string, source: string): Promise<void> {
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  for (let tries = 1; ; tries++)
    try {
      await git(['--git-dir', clone, 'fetch', '--quiet', '--prune', '--no-auto-gc', '--', source, ...refs]);
      return;
    } catch (error) {
      if (tries === MOST_TRIES || !/lock/.test((error as Error).message)) throw error;
      await pause(100 * tries);
    }
}

const MOST_TRIES = 5;

async function isFileAt(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}
