import { lstatSync, readdirSync, renameSync, rmSync, rmdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAbsence } from '../../errors.ts';
import { ownProcess, presenceOf, PROCESS_ID } from './process-id.ts';

/*
 * Temporary files and folders carry the identity of their process in the name, `<name>.<identity>.tmp` (or `.old`, `.lock`), so that a later process can tell whether they still belong to anybody.
 */

export type TemporaryKind = 'tmp' | 'old' | 'lock';

/** The name of a temporary neighbour of `path` for this process. */
export function temporaryName(path: string, kind: TemporaryKind = 'tmp'): string {
  return `${path}.${ownProcess()}.${kind}`;
}

/** What a folder's neighbours that clients must not see are called after: its name behind a dot. */
export function hidden(folder: string): string {
  return join(dirname(folder), `.${basename(folder)}`);
}

/** A temporary name that was found in a folder. */
export interface Temporary {
  /** The name in the folder. */
  readonly found: string;
  /** The name that it is a temporary neighbour of. */
  readonly of: string;
  readonly kind: TemporaryKind;
  /** The identity of the process that made it. */
  readonly owner: string;
}

/** The temporary names in a folder, whoever made them; none where there is no folder. Throws an Error where it can't be read. */
export function temporariesIn(folder: string): Temporary[] {
  return namesIn(folder).flatMap((found) => {
    const [, of, owner, kind] = TEMPORARY.exec(found) ?? [];
    return of === undefined || owner === undefined ? [] : [{ found, of, owner, kind: kind as TemporaryKind }];
  });
}

const TEMPORARY = new RegExp(`^(.*)\\.(${PROCESS_ID})\\.(tmp|old|lock)$`);

/** Removes from a folder the temporary neighbours of `name` (of everything, where it is '') that belong to nobody any more. */
export function clearLeftovers(folder: string, name: string): void {
  for (const { found, of, owner } of temporariesIn(folder))
    if ((name === '' || of === name) && isAbandoned(join(folder, found), owner)) removeNow(join(folder, found));
}

/** Removes a file, or a folder with all that it holds, if it is there. */
export function removeNow(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/**
 * Removes as much of a file or folder as can be removed in `time` milliseconds, at the end of a process: whoever pressed Ctrl-C doesn't
 * wait until a large folder is gone. The next run removes the rest.
 */
export function removeQuickly(path: string, time = A_MOMENT): void {
  removeUntil(path, performance.now() + time);
}

const A_MOMENT = 800;

/** Whether it is gone. */
function removeUntil(path: string, end: number): boolean {
  if (performance.now() > end) return false;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) rmSync(path, { force: true });
  else {
    for (const name of readdirSync(path)) if (!removeUntil(join(path, name), end)) return false;
    rmdirSync(path);
  }
  return true;
}

/** Renames a file, also to a place where a folder stands that nobody needs. */
export function renameOver(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!['EISDIR', 'ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    removeNow(to);
    renameSync(from, to);
  }
}

/** What nobody can judge, since its process ran elsewhere, counts as abandoned after a day. */
function isAbandoned(path: string, owner: string): boolean {
  const presence = presenceOf(owner);
  if (presence !== 'unknown') return presence === 'gone';
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return changed !== undefined && Date.now() - changed > DAY;
}

const DAY = 24 * 60 * 60 * 1000;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}
