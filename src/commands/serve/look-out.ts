import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { lstat, readdir, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { errorCode } from '../../errors.ts';

/*
 * Events of file systems get lost: a queue runs over, a folder fills before anybody listens there, a network's file system sends none.
 * So a watch also looks by itself.
 */

/**
 * Looks at everything below some paths, again and again, and tells when it isn't what it was at the look before. The first look always
 * tells: nobody knows what changed before it. So whatever changes is told by a look that began after the change. `paths` is asked before
 * each look.
 */
export function lookOut(paths: () => Promise<readonly string[]>, changed: () => void): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const { signal } = stopped;
  const looking = async (): Promise<void> => {
    for (let before: string | undefined; !signal.aborted;) {
      const { digest, entries } = await glance(await paths(), signal);
      if (signal.aborted) return;
      if (digest !== before) changed();
      before = digest;
      await pause(Math.max(SHORTEST, entries * EACH), undefined, { signal, ref: false }).catch(whenAborted);
    }
  };
  const ended = looking();
  return {
    stop: async () => {
      stopped.abort();
      await ended;
    },
  };
}

/**
 * Milliseconds between two looks, at least and for each file and folder: large storages are looked at less often, with 3% of a core. The
 * time of a look is no measure: on a busy machine, where most events get lost, one takes many times as long.
 */
const SHORTEST = 1000;
const EACH = 2;

function whenAborted(error: unknown): void {
  if (errorCode(error) !== 'ABORT_ERR') throw error;
}

/** A digest of the names, sizes and times of all files and folders below some paths, and how many there are; they need not exist. */
async function glance(paths: readonly string[], signal: AbortSignal): Promise<{ digest: string; entries: number }> {
  const hash = createHash('sha256');
  let entries = 0;
  for (const path of paths) entries += await glanceAt(Buffer.from(path), { hash, signal, isTop: true });
  return { digest: hash.digest('hex'), entries };
}

interface Glance {
  readonly hash: Hash;
  readonly signal: AbortSignal;
  /** Links at the top are followed, as a build does. */
  readonly isTop: boolean;
}

/** What can't be read counts as its error; the build says what to do about it. Names are bytes. Gives the number of entries. */
async function glanceAt(path: Buffer, { hash, signal, isTop }: Glance): Promise<number> {
  if (signal.aborted) return 0;
  let entries = 1;
  try {
    const { ino, size, mtimeNs, ctimeNs, mode } = await (isTop ? stat : lstat)(path, { bigint: true });
    hash.update(path).update(`\0${ino} ${size} ${mtimeNs} ${ctimeNs} ${mode}\n`);
    if ((mode & FILE_TYPE) !== FOLDER) return entries;
    const names = await readdir(path, { encoding: 'buffer' });
    for (const name of names.sort(Buffer.compare))
      entries += await glanceAt(Buffer.concat([path, SLASH, name]), { hash, signal, isTop: false });
  } catch (error) {
    hash.update(path).update(`\0${errorCode(error)}\n`);
  }
  return entries;
}

const SLASH = Buffer.from('/');
/** Of `mode` in POSIX. */
const FILE_TYPE = 0o170_000n;
const FOLDER = 0o040_000n;
