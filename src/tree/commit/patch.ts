import { existsSync, mkdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isAbsence } from '../../errors.ts';
import { atExit } from './at-exit.ts';
import { hidden, removeNow, temporaryName } from './leftovers.ts';
import type { LockedFolder } from './lock.ts';

/** How a folder changes beside the new files. Paths are relative to it. */
export interface Patch<T> {
  readonly result: T;
  /** Files that go. */
  readonly removed: readonly string[];
  /** Of the new files, those that come last, since they name the others; in this order. */
  readonly last: readonly string[];
}

/** What a whole patch is to do. */
interface Journal {
  /** Files that go first: a file makes way for a folder of that name, or the other way round. */
  readonly inTheWay: readonly string[];
  readonly removed: readonly string[];
  readonly last: readonly string[];
}

/**
 * Changes a folder that is in use: `make` fills a temporary one beside it with what is new, by the same paths. Once that is
 * whole and written down, its files are moved in, and what is old goes. A patch that was interrupted after that point is carried out
 * by `finishPatch`. Nothing changes where `make` gives undefined or throws. Throws a `Stop` where the lock was lost meanwhile.
 */
export async function patchFolder<T>(
  { folder, lock }: LockedFolder,
  make: (temporary: string) => Promise<Patch<T> | undefined>,
): Promise<T | undefined> {
  const temporary = temporaryName(hidden(folder));
  const clear = (): void => removeNow(temporary);
  const leave = atExit(clear);
  try {
    await mkdir(temporary, { recursive: true });
    const patch = await make(temporary);
    if (!patch) return undefined;
    const journal = journalOf(patch, await walk(temporary, ''));
    await writeFile(join(temporary, JOURNAL), JSON.stringify(journal));
    await rm(patchPlace(folder), { recursive: true, force: true });
    lock.check();
    await rename(temporary, patchPlace(folder));
    await finishPatch(folder);
    return patch.result;
  } finally {
    clear();
    leave();
  }
}

/** Whether a patch is whole, but not carried out. */
export function hasPatch(folder: string): boolean {
  return existsSync(join(patchPlace(folder), JOURNAL));
}

/** Carries out a patch that is whole, from wherever it was interrupted; nothing where there is none. */
export async function finishPatch(folder: string): Promise<void> {
  const patch = patchPlace(folder);
  if (!hasPatch(folder)) return;
  const { inTheWay, removed, last } = JSON.parse(await readFile(join(patch, JOURNAL), 'utf8')) as Journal;
  const files = (await walk(patch, '')).filter((path) => path !== JOURNAL);
  removeFiles(folder, inTheWay);
  for (const path of files.sort((a, b) => last.indexOf(a) - last.indexOf(b))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    renameSync(join(patch, path), join(folder, path));
  }
  removeFiles(folder, removed);
  await rm(patch, { recursive: true, force: true });
}

const JOURNAL = '.journal.json';

function journalOf({ removed, last }: Patch<unknown>, files: readonly string[]): Journal {
  const added = new Set(files);
  const folders = new Set(files.flatMap(foldersOf));
  const isInTheWay = (path: string): boolean => folders.has(path) || foldersOf(path).some((above) => added.has(above));
  return { inTheWay: removed.filter(isInTheWay), removed: removed.filter((path) => !isInTheWay(path)), last };
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
    if (!isAbsence(error) && !codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function walk(folder: string, prefix: string): Promise<string[]> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true });
  const inner = await Promise.all(
    entries.map((entry) =>
      entry.isDirectory() ? walk(folder, `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
    ),
  );
  return inner.flat();
}

/** A whole patch lies here until it is carried out. */
export function patchPlace(folder: string): string {
  return `${hidden(folder)}.patch`;
}
