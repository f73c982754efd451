import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

/*
 * Reads files one after the other into the same memory.
 */

let memory = Buffer.alloc(0);

/** The bytes of a file, until the next call. An error of the system names the file. */
export function readWhole(place: string): Buffer {
  const file = openSync(place, 'r');
  try {
    const { size } = fstatSync(file);
    if (size > memory.length) memory = Buffer.allocUnsafeSlow(Math.max(size, 2 * memory.length, LEAST));
    let end = 0;
    for (let count = -1; count !== 0 && end < size; end += count) count = readSync(file, memory, end, size - end, end);
    return memory.subarray(0, end);
  } finally {
    closeSync(file);
  }
}

/** The bytes of a file, one part after the other, each until the next one. */
export async function* chunksOf(place: string): AsyncGenerator<Buffer> {
  const file = openSync(place, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) {
      yield chunk.subarray(0, count);
      await setImmediate(); // lets a signal in
    }
  } finally {
    closeSync(file);
  }
}

const CHUNK = 2 ** 23;
const LEAST = 2 ** 20;
