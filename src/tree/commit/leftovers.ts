import { existsSync, rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/*
 * What a process makes for the time of its run carries its id in the name, `<name>.<pid>.tmp` (or `.work`, `.old`), so that
 * a later run can tell what is nobody's any more.
 */

/** The name of a temporary neighbour of `path` for this process. */
export function temporaryName(path: string, kind: 'tmp' | 'work' | 'old' = 'tmp'): string {
  return `${path}.${process.pid}.${kind}`;
}

/**
 * The temporary names in a folder, of `name` (or, where it is '', of anything), that belong to a process that is no more. No
 * folder, no names.
 */
export async function leftovers(folder: string, name: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((found) => {
    const [, of, pid] = /^(.*)\.(\d+)\.(?:tmp|work|old)$/.exec(found) ?? [];
    return pid !== undefined && (name === '' || of === name) && !isRunning(Number(pid));
  });
}

/** Removes what `leftovers` finds. */
export async function clearLeftovers(folder: string, name: string): Promise<void> {
  for (const found of await leftovers(folder, name)) await rm(join(folder, found), { recursive: true, force: true });
}

/** Removes a folder at once, though calls under way may still write into it: what appears meanwhile is removed again. */
export function removeNow(folder: string): void {
  for (let tries = 1; tries <= MOST_TRIES && existsSync(folder); tries++)
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 1, retryDelay: 10 });
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
    }
}

const MOST_TRIES = 20;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
