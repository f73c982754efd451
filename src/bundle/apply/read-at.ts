import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { wrong } from '../checked.ts';
import { breather } from './breath.ts';

/** A range of an open file. */
export interface Range {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

/** The bytes of a range. Throws a `Stop` where the file ends before; `where` is its name. */
export function readRange({ file, offset, length }: Range, where: string): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const count = readSync(file, bytes, done, length - done, offset + done);
    if (count === 0) throw wrong(where, 'was cut short while it was read');
    done += count;
  }
  return bytes;
}

/** The SHA-256 of a range, in hex. `onRead` is told the bytes as they are read. */
export async function digestOfRange(
  { file, offset, length }: Range,
  { where, onRead }: { readonly where: string; onRead(bytes: number): void },
): Promise<string> {
  const hash = createHash('sha256');
  const breathe = breather();
  const memory = Buffer.allocUnsafe(Math.min(length, CHUNK));
  for (let done = 0; done < length;) {
    const count = readSync(file, memory, 0, Math.min(CHUNK, length - done), offset + done);
    if (count === 0) throw wrong(where, 'was cut short while it was read');
    hash.update(memory.subarray(0, count));
    done += count;
    onRead(count);
    await breathe();
  }
  return hash.digest('hex');
}

const CHUNK = 2 ** 20;
