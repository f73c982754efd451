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
      const began = performance.now();
      const now = await glance(await paths(), signal);
      if (signal.aborted) return;
      if (now !== before) changed();
      before = now;
      const took = performance.now() - began;
      await pause(Math.max(SHORTEST, took * SHARE), undefined, { signal, ref: false }).catch(whenAborted);
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

/** Milliseconds between two looks, and how many times as long as a look took: large storages are looked at less often. */
const SHORTEST = 1000;
const SHARE = 50;

function whenAborted(error: unknown): void {
  if (errorCode(error) !== 'ABORT_ERR') throw error;
}

/** A digest of the names, sizes and times of all files and folders below some paths; they need not exist. */
async function glance(paths: readonly string[], signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) await glanceAt(Buffer.from(path), { hash, signal, isTop: true });
  return hash.digest('hex');
}

interface Glance {
  readonly hash: Hash;
  readonly signal: AbortSignal;
  /** Links at the top are followed, as a build does. */
  readonly isTop: boolean;
}

/** What can't be read counts as its error; the build says what to do about it. Names are bytes. */
async function glanceAt(path: Buffer, { hash, signal, isTop }: Glance): Promise<void> {
  if (signal.aborted) return;
  try {
    const { ino, size, mtimeNs, ctimeNs, mode } = await (isTop ? stat : lstat)(path, { bigint: true });
    hash.update(path).update(`\0${ino} ${size} ${mtimeNs} ${ctimeNs} ${mode}\n`);
    if ((mode & FILE_TYPE) !== FOLDER) return;
    const names = await readdir(path, { encoding: 'buffer' });
    for (const name of names.sort(Buffer.compare))
      await glanceAt(Buffer.concat([path, SLASH, name]), { hash, signal, isTop: false });
  } catch (error) {
    hash.update(path).update(`\0${errorCode(error)}\n`);
  }
}

const SLASH = Buffer.from('/');
/** Of `mode` in POSIX. */
const FILE_TYPE = 0o170_000n;
const FOLDER = 0o040_000n;
