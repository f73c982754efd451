import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { LargeObjects, StoreReader } from '../fetch/store-files.ts';
import { ifThere, Stop } from '../../errors.ts';

/** A store in a folder, for those who only read it. */
export function folderReader(folder: string): StoreReader {
  return {
    read: async (key) => {
      const bytes = await ifThere(readPlain(join(folder, key)));
      return bytes && { bytes };
    },
    range: async (key, start, end) => await ifThere(readRange(join(folder, key), start, end)),
    large: {
      open: async (key, part) => {
        const file = await ifThere(openPlain(join(folder, key)));
        if (!file) return undefined;
        const { ino, mtimeMs, ctimeMs } = await file.stat();
        const tag = `${ino} ${mtimeMs} ${ctimeMs}`;
        if (part && part.tag !== tag) {
          await file.close();
          throw new Error('somebody touched it');
        }
        const source = file.createReadStream(part && { start: part.start, end: part.end - 1 }); // which closes the file
        return { tag, stream: webStream(source) };
      },
      digest: streamDigest,
    },
  };
}

/** The SHA-256 of a stream, in hex. */
export async function streamDigest(stream: ReadableStream<Uint8Array>): ReturnType<LargeObjects['digest']> {
  const hash = createHash('sha256');
  for await (const bytes of stream) hash.update(bytes);
  return hash.digest('hex');
}

/** A stream of Node as hosts with the Fetch standard have them. */
export function webStream(source: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(source) as ReadableStream<Uint8Array>;
}

/** A file of a store, whole. Throws a `Stop` if it is no plain file or too large, and the system's error. */
export async function readPlain(path: string): Promise<Buffer> {
  const { size } = await plainFile(path);
  if (size > MOST_BYTES) throw new Stop('store-damaged', `${path} has more than ${MOST_BYTES} bytes`);
  return await readFile(path);
}

/** A store may come from elsewhere: a pipe or a device in it would never end. */
async function plainFile(path: string): Promise<Stats> {
  const found = await stat(path);
  if (!found.isFile()) throw new Stop('store-damaged', `${path} is no file`, 'a store holds plain files');
  return found;
}

async function openPlain(path: string): Promise<FileHandle> {
  await plainFile(path);
  return await open(path);
}

/** As many as a buffer surely holds. */
const MOST_BYTES = 2 ** 30;

/** The bytes from `start` to before `end` of a file of a store, or those that there are. Throws as `readPlain` does. */
export async function readRange(path: string, start: number, end: number): Promise<Buffer> {
  const file = await openPlain(path);
  try {
    const bytes = Buffer.alloc(end - start);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, start + length);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes.length) return bytes.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}
