import { existsSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolder, makeLastFolder } from '../make-folder.ts';
import { atExit } from './at-exit.ts';
import { clearLeftovers, hidden, removeNow, removeQuickly, temporariesIn, temporaryName } from './leftovers.ts';
import type { Temporary } from './leftovers.ts';
import { tryLock } from './lock.ts';
import type { LockedFolder } from './lock.ts';
import { finishChange, isChanging } from './patch.ts';

/**
 * Makes a folder anew that nobody reads meanwhile: `make` fills a temporary one beside it, which takes its place. Until then the
 * folder stays as it is, whatever happens. Clears away what an interrupted run left. Throws a `Stop` where the lock was lost.
 */
export async function replaceFolder<T>(
  { folder, lock }: LockedFolder,
  make: (temporary: string) => Promise<T>,
): Promise<T> {
  makeFolder(dirname(folder));
  recoverFolder(folder);
  const temporary = temporaryName(hidden(folder), 'tmp');
  const old = temporaryName(hidden(folder), 'old');
  const clear = (): void => [temporary, old].forEach(removeNow);
  const leave = atExit(() => removeAtEnd({ folder, temporary, old }));
  try {
    makeLastFolder(temporary);
    const result = await make(temporary);
    lock.check();
    swap(folder, temporary, old);
    return result;
  } finally {
    clear();
    leave();
  }
}

/** An old folder that is not whole any more must not be put back by the next run, so it is removed as a temporary one. */
function removeAtEnd({ folder, temporary, old }: Record<'folder' | 'temporary' | 'old', string>): void {
  if (existsSync(old) && existsSync(folder) && !existsSync(temporary)) renameSync(old, temporary);
  removeQuickly(temporary);
}

/** Both moves without a pause, so that no signal is handled between them. */
function swap(folder: string, temporary: string, old: string): void {
  const isThere = existsSync(folder);
  if (isThere) renameSync(folder, old);
  try {
    renameSync(temporary, folder);
  } catch (error) {
    if (isThere) renameSync(old, folder);
    throw error;
  }
}

/**
 * Puts back a folder that a killed run had moved away, carries out what it had begun to change, and removes what it left. Only for
 * the holder of the lock: whatever lies beside the folder is nobody's then.
 */
export function recoverFolder(folder: string): void {
  const parent = dirname(folder);
  const left = leftBeside(folder);
  const old = left.find(({ kind }) => kind === 'old');
  if (old && !existsSync(folder)) renameSync(join(parent, old.found), folder);
  for (const { found } of left) removeNow(join(parent, found));
  clearLeftovers(parent, `.${basename(folder)}`);
  finishChange(folder);
}

/** Does the same for a reader of the folder, where there is something to do and nobody holds the lock. */
export function recoverIfFree(folder: string): void {
  if (leftBeside(folder).length === 0 && !isChanging(folder)) return;
  const lock = tryLock(folder);
  try {
    if (lock) recoverFolder(folder);
  } finally {
    lock?.release();
  }
}

/** What a run makes beside a folder while it holds the lock. */
function leftBeside(folder: string): Temporary[] {
  const name = `.${basename(folder)}`;
  return temporariesIn(dirname(folder)).filter(({ of, kind }) => of === name && kind !== 'lock');
}
