import { createHash } from 'node:crypto';
import { closeSync, constants, copyFileSync, linkSync, mkdirSync, openSync, readSync } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { sniffMediaType } from './media-type.ts';

/** What is known of a content once it is in the store. */
export interface StoredContent {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  readonly crc32: number;
  /** Where its raw deflate stream lies in the pack, and the stream's bytes. */
  readonly offset: number;
  readonly deflatedSize: number;
  /** The media type that its first bytes tell. */
  readonly sniffed: string;
}

/**
 * Every different content of a site, once: as a file that the site's paths are linked to, and as a raw deflate stream for
 * the zips.
 */
export interface ContentStore {
  get(id: string): StoredContent | undefined;
  /** Takes a content in; memory is free of it when the promise is kept. */
  put(id: string, bytes: Buffer): Promise<void>;
  /** Makes `path` a file with the content: a hard link, or a copy where the file system can't link. */
  linkTo(id: string, path: string): void;
  /** Fills `target` from `at` with the deflate stream of a content. */
  readDeflated(id: string, target: Buffer, at: number): void;
  close(): Promise<void>;
}

/** Opens an empty store in a folder that is its own, on the file system of the site. */
export async function openContentStore(folder: string): Promise<ContentStore> {
  const known = new Map<string, StoredContent>();
  mkdirSync(folder, { recursive: true });
  const packFile = join(folder, 'pack');
  const pack = await open(packFile, 'w');
  const reader = openSync(packFile, 'r');
  const append = appender(pack);
  const folders = new Set<string>();
  const place = (id: string): string => {
    const inner = join(folder, id.slice(0, 2));
    if (!folders.has(inner)) mkdirSync(inner, { recursive: true });
    folders.add(inner);
    return join(inner, id);
  };
  return {
    get: (id) => known.get(id),
    put: async (id, bytes) => {
      const [deflated] = await Promise.all([compress(bytes, { level: LEVEL }), writeFile(place(id), bytes)]);
      known.set(id, {
        size: bytes.length,
        digest: createHash('sha256').update(bytes).digest('hex'),
        crc32: crc32(bytes),
        offset: append(deflated),
        deflatedSize: deflated.length,
        sniffed: sniffMediaType(bytes),
      });
      await append.written();
    },
    linkTo: (id, path) => linkOrCopy(place(id), path),
    readDeflated: (id, target, at) => {
      const { offset, deflatedSize } = known.get(id) as StoredContent;
      readFully(reader, target.subarray(at, at + deflatedSize), offset);
    },
    close: async () => {
      closeSync(reader);
      await pack.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const compress = promisify(deflateRaw) as (bytes: Buffer, options: { level: number }) => Promise<Buffer>;
/** What people download: the level at which more time buys almost no bytes. */
const LEVEL = 6;

interface Append {
  /** Where the bytes will lie. */
  (bytes: Buffer): number;
  /** Kept when all that was appended so far is in the file. */
  written(): Promise<void>;
}

/** Appends to a file, one write at a time. */
function appender(file: FileHandle): Append {
  let end = 0;
  let last: Promise<void> = Promise.resolve();
  const append = (bytes: Buffer): number => {
    const at = end;
    end += bytes.length;
    last = last.then(async () => {
      for (let done = 0; done < bytes.length;)
        done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    });
    return at;
  };
  return Object.assign(append, { written: () => last });
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'ENOSYS'].includes(code ?? '')) throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

function readFully(file: number, target: Buffer, from: number): void {
  for (let done = 0; done < target.length;) {
    const count = readSync(file, target, done, target.length - done, from + done);
    if (count === 0) throw new Error('the pack of deflated contents ends early');
    done += count;
  }
}
