import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { LargeObjects, StoreReader } from '../fetch/store-files.ts';
import { isAbsence } from '../../errors.ts';

/** A store in a folder, for those who only read it. */
export function folderReader(folder: string): StoreReader {
  const opened = async <T>(key: string, use: (file: FileHandle) => Promise<T>): Promise<T | undefined> => {
    const file = await ifThere(open(join(folder, key)));
    return file && (await use(file).finally(() => file.close()));
  };
  return {
    read: async (key) => await opened(key, async (file) => ({ bytes: await file.readFile() })),
    range: async (key, start, end) =>
      await opened(key, async (file) => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
        return buffer.subarray(0, bytesRead);
      }),
    large: {
      open: async (key, part) => {
        const file = await ifThere(open(join(folder, key)));
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

async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
