import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { isAbsence } from '../../errors.ts';

/*
 * What lies in a folder, whatever any list says.
 */

export type DiskKind = 'file' | 'folder' | 'link' | 'other';

/** Something at a path, relative to the folder that was walked. */
export interface DiskEntry {
  readonly path: string;
  readonly kind: DiskKind;
  /** A folder without anything in it. */
  readonly isEmpty?: boolean;
}

/**
 * Everything below `folder` at `path` ('' for all), the folders before what is in them; `isElsewhere` names folders to leave out.
 * Nothing where the path leads to no folder. Throws the system's error where a folder can't be read.
 */
export function* walkDisk(
  folder: string,
  path: string,
  isElsewhere: (path: string) => boolean = () => false,
): Generator<DiskEntry> {
  yield* walkEntries(entriesIn(folder, path), { folder, path, isElsewhere });
}

interface Walk {
  readonly folder: string;
  readonly path: string;
  readonly isElsewhere: (path: string) => boolean;
}

function* walkEntries(entries: readonly Dirent[], { folder, path, isElsewhere }: Walk): Generator<DiskEntry> {
  for (const entry of entries) {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    const kind = kindOfEntry(entry);
    if (kind !== 'folder') yield { path: inner, kind };
    else if (!isElsewhere(inner)) {
      const below = entriesIn(folder, inner);
      yield { path: inner, kind, isEmpty: below.length === 0 };
      yield* walkEntries(below, { folder, path: inner, isElsewhere });
    }
  }
}

/** Whether a path is a file itself, and no link to one. */
export function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The bytes of a file; undefined where there is none, or something else. Throws the system's error where it can't be read. */
export function readIfFile(path: string): Buffer | undefined {
  return isFile(path) ? readFileSync(path) : undefined;
}

function entriesIn(folder: string, path: string): Dirent[] {
  const full = join(folder, path);
  try {
    if (path !== '' && lstatSync(full).isSymbolicLink()) return [];
    return readdirSync(full, { withFileTypes: true });
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

function kindOfEntry(entry: Dirent): DiskKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'other';
}
