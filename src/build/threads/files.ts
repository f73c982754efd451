import { createHash } from 'node:crypto';
import { closeSync, futimesSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeAside } from '../../tree/commit/aside.ts';
import { contentTime, setContentTime } from '../../tree/content-time.ts';
import { makeFolder, makeLastFolder } from '../../tree/make-folder.ts';

/*
 * Files as threads read and write them: by calls that block.
 */

/** Memory of at least a size. Each call returns the memory of the call before, while it is large enough. */
export type Scratch = (size: number) => Buffer;

/** New pages of memory cost more than the work in them, so a thread reuses its memory. */
export function scratchMemory(): Scratch {
  let memory = Buffer.alloc(0);
  return (size) => {
    if (memory.length < size) memory = Buffer.allocUnsafeSlow(Math.ceil((size * 1.25) / 2 ** 20) * 2 ** 20);
    return memory.subarray(0, size);
  };
}

/** Makes the folders that files are to lie in, each once. */
export function folderMaker(): (file: string) => void {
  const made = new Set<string>();
  const make = (folder: string): void => {
    if (made.has(folder)) return;
    if (made.has(dirname(folder))) makeLastFolder(folder);
    else makeFolder(folder, make);
    made.add(folder);
  };
  return (file) => make(dirname(file));
}

/** SHA-256, in hex. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Writes a file, with the time of its content, and gives its digest. */
export function writeWithTime(path: string, bytes: Uint8Array): string {
  const digest = digestOf(bytes);
  const time = contentTime(digest);
  const file = openSync(path, 'w');
  try {
    writeFully(file, bytes, 0);
    futimesSync(file, time, time);
  } finally {
    closeSync(file);
  }
  return digest;
}

/**
 * Makes the file of a content, and gives its digest. A correct file stays. Any other one is replaced as a whole, and never written
 * into: a site may be linked to it, and another build may link to it at any time.
 */
export function writeContent(place: { readonly path: string; readonly temporary: string }, bytes: Uint8Array): string {
  if (!holds(place.path, bytes)) return writeAside(place, (temporary) => writeWithTime(temporary, bytes));
  const digest = digestOf(bytes);
  setContentTime(place.path, digest);
  return digest;
}

function holds(path: string, bytes: Uint8Array): boolean {
  return isFile(path) && readFileSync(path).equals(bytes);
}

/** Reads a file into `memory`. Undefined if there is none, or if it isn't exactly one byte shorter than `memory`. */
export function readWhole(path: string, memory: Buffer): Buffer | undefined {
  if (!isFile(path)) return undefined;
  const file = openSync(path, 'r');
  try {
    let filled = 0;
    for (let count = 1; count > 0 && filled < memory.length; filled += count)
      count = readSync(file, memory, filled, memory.length - filled, null);
    return filled === memory.length - 1 ? memory.subarray(0, filled) : undefined;
  } finally {
    closeSync(file);
  }
}

/** Whether a file is there, and nothing else in its place. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Fills `target` with what an open file has from a place on; false if the file ends before. */
export function readFully(file: number, target: Buffer, from: number): boolean {
  for (let done = 0; done < target.length;) {
    const count = readSync(file, target, done, target.length - done, from + done);
    if (count === 0) return false;
    done += count;
  }
  return true;
}

/** Writes all of the bytes at a place of an open file. */
export function writeFully(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, at + done);
}
