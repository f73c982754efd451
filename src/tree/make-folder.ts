import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../errors.ts';

/**
 * Makes a folder and those around it, as far as they are not there. Throws the error of the system where it refuses one. (Node's own
 * recursive `mkdir` never ends where the system says ENOENT of a folder whose parent is there, as below `/proc`.)
 */
export function makeFolder(folder: string, makeParent: (parent: string) => void = makeFolder): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeParent(parent);
  makeLastFolder(folder);
}

/** Makes a folder whose parent is there; it may be there itself. Throws as `makeFolder` does. */
export function makeLastFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST' || !isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
