import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorCode, isAbsence } from '../../errors.ts';
import { journalOf, textIn } from '../current.ts';
import { JOURNAL, OLD, PATCH } from '../journal.ts';
import type { Journal } from '../journal.ts';
import { CHANGE } from '../layout.ts';
import { makeFolder } from '../make-folder.ts';
import { atExit } from './at-exit.ts';
import { hidden, removeNow, removeQuickly, temporaryName } from './leftovers.ts';
import type { LockedFolder } from './lock.ts';

/** How a folder changes beside the new files. Paths are relative to it. */
export interface Patch<T> {
  readonly result: T;
  /** Files that go. */
  readonly removed: readonly string[];
  /** Of the new files, those that come last, since they name the others; in this order. */
  readonly last: readonly string[];
}

/** A folder that can be patched. */
export interface PatchedFolder extends LockedFolder {
  /** A file of it whose text says what the folder holds. */
  readonly witness: string;
  /** Whether its readers honour a journal. Otherwise the folder is out of sight while it changes. */
  readonly isRead: 'by journal' | 'as it lies';
}

/**
 * Changes a folder that is in use: `make` fills a temporary one beside it with what is new, by the same paths. Once that is
 * whole and written down, one rename makes it current (`journal.ts`); its files are moved in, and what is old goes. `finishChange`
 * carries out what was interrupted after that point. Nothing changes where `make` gives undefined or throws. Throws a `Stop` where
 * the lock was lost meanwhile.
 */
export async function patchFolder<T>(
  place: PatchedFolder,
  make: (temporary: string) => Promise<Patch<T> | undefined>,
): Promise<T | undefined> {
  return await changeFolder(place, async (temporary) => {
    const patch = await make(temporary);
    if (!patch) return { result: undefined };
    const { result, removed, last } = patch;
    return { result, change: { kind: 'part', ...makingWay(removed, filesIn(temporary, '')), last } };
  });
}

/**
 * Makes a folder anew, which may be in use: `make` fills a temporary one beside it (and may use a second one for work), which becomes
 * current by one rename if `isDone` says so of the result. Otherwise, or where it throws, the folder stays as it is.
 */
export async function renewFolder<T>(
  place: PatchedFolder,
  make: (temporary: string, work: string) => Promise<T>,
  isDone: (result: T) => boolean = () => true,
): Promise<T> {
  return await changeFolder(place, async (temporary, work) => {
    const result = await make(temporary, work);
    if (!isDone(result)) return { result };
    const [top] = place.witness.split('/');
    const names = readdirSync(temporary).sort((a, b) => Number(a === top) - Number(b === top));
    return { result, change: { kind: 'whole', names } };
  });
}

/** What is to be done once a temporary folder is filled; nothing without a change. */
interface Making<T> {
  readonly result: T;
  readonly change?: Task<Journal>;
}

type Task<One> = One extends unknown ? Omit<One, 'witness' | 'before' | 'after' | 'hides'> : never;

async function changeFolder<T>(
  { folder, lock, witness, isRead }: PatchedFolder,
  make: (patch: string, work: string) => Promise<Making<T>>,
): Promise<T> {
  const temporary = temporaryName(hidden(folder));
  const patch = join(temporary, basename(PATCH));
  const work = join(temporary, 'work');
  const clear = (): void => removeNow(temporary);
  const leave = atExit(() => removeQuickly(temporary));
  try {
    makeFolder(patch); // at once: a process that ends now must not make it after clearing up
    const { result, change } = await make(patch, work);
    if (!change) return result;
    removeNow(work);
    const before = textIn(join(folder, witness));
    const after = textIn(join(patch, witness)) ?? before;
    const journal: Journal = { ...change, witness, before, after, hides: isRead === 'as it lies' };
    writeFileSync(join(temporary, basename(JOURNAL)), JSON.stringify(journal));
    lock.check();
    if (existsSync(folder)) renameSync(temporary, join(folder, CHANGE));
    else renameSync(patch, folder);
    finishChange(folder);
    return result;
  } finally {
    clear();
    leave();
  }
}

/** Whether a folder is not at rest: a change is under way, or a run that was killed left something of one. */
export function isChanging(folder: string): boolean {
  return existsSync(join(folder, CHANGE)) || existsSync(asideOf(folder));
}

/**
 * Carries out the change of a folder, from wherever it was interrupted, and removes a change that is not of this folder. It makes no
 * pause, so that only a kill interrupts it. Only for the holder of the lock.
 */
export function finishChange(folder: string): void {
  const aside = asideOf(folder);
  if (existsSync(folder)) {
    removeNow(aside);
    if (!journalOf(folder)?.hides) return carryOut(folder);
    renameSync(folder, aside);
  }
  if (!existsSync(aside)) return;
  carryOut(aside);
  renameSync(aside, folder);
}

function carryOut(folder: string): void {
  const journal = journalOf(folder);
  if (journal?.kind === 'part') moveFiles(folder, journal);
  if (journal?.kind === 'whole') moveNames(folder, journal.names);
  rmSync(join(folder, JOURNAL), { force: true }); // this ends the change
  removeNow(join(folder, CHANGE));
}

/** Where a folder lies while it is out of sight. */
function asideOf(folder: string): string {
  return `${hidden(folder)}.aside`;
}

function moveFiles(folder: string, { inTheWay, removed, last }: Journal & { readonly kind: 'part' }): void {
  const patch = join(folder, PATCH);
  removeFiles(folder, inTheWay);
  for (const path of filesIn(patch, '').sort((a, b) => last.indexOf(a) - last.indexOf(b))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    renameSync(join(patch, path), join(folder, path));
  }
  removeFiles(folder, removed);
}

function moveNames(folder: string, names: readonly string[]): void {
  const [patch, old] = [join(folder, PATCH), join(folder, OLD)];
  mkdirSync(old, { recursive: true });
  for (const name of names.filter((one) => existsSync(join(patch, one)))) {
    if (existsSync(join(folder, name))) renameSync(join(folder, name), join(old, name));
    renameSync(join(patch, name), join(folder, name));
  }
  const kept = new Set([...names, CHANGE]);
  for (const name of readdirSync(folder)) if (!kept.has(name)) renameSync(join(folder, name), join(old, name));
}

/** Sets those removed files apart that stand where a new file, or its folder, is to be. */
function makingWay(
  removed: readonly string[],
  files: readonly string[],
): { readonly inTheWay: string[]; readonly removed: string[] } {
  const added = new Set(files);
  const folders = new Set(files.flatMap(foldersOf));
  const isInTheWay = (path: string): boolean => folders.has(path) || foldersOf(path).some((above) => added.has(above));
  return { inTheWay: removed.filter(isInTheWay), removed: removed.filter((path) => !isInTheWay(path)) };
}

/** The folders that a path lies in. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** Removes files, and the folders that are empty then. An interrupted run may have done some of it, and moved new files in. */
function removeFiles(folder: string, paths: readonly string[]): void {
  for (const path of paths) removeUnless(FILE_MADE_WAY, () => unlinkSync(join(folder, path)));
  const folders = [...new Set(paths.flatMap(foldersOf))].sort((a, b) => b.length - a.length);
  for (const path of folders) removeUnless(IS_IN_USE, () => rmdirSync(join(folder, path)));
}

/** A folder is in the place of the file. */
const FILE_MADE_WAY = ['EISDIR', process.platform === 'darwin' ? 'EPERM' : ''];
/** The folder holds something. */
const IS_IN_USE = ['ENOTEMPTY', 'EEXIST'];

function removeUnless(codes: readonly string[], remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (!isAbsence(error) && !codes.includes(errorCode(error))) throw error;
  }
}

function filesIn(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = `${prefix}${entry.name}`;
    return entry.isDirectory() ? filesIn(folder, `${path}/`) : [path];
  });
}
