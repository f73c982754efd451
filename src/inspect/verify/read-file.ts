import { hash, createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { crc32 } from 'node:zlib';
import { isSystemError } from '../../system-errors.ts';
import { SNIFFED_BYTES } from '../../tree/media-type.ts';

/*
 * Reads files whole, each once: paths that are one file on disk are read by the first of them.
 */

/** What the bytes of a file are. */
export interface FileFacts {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  readonly crc32: number;
  /** The first bytes, as many as decide a media type. */
  readonly head: Uint8Array;
}

export interface FileReader {
  /** The facts about a file; a text where it can't be read. It follows no link. Throws the system's error for a lack of resources. */
  facts(path: string): FileFacts | string;
  /** The bytes of a file that `facts` has read. */
  bytes(path: string): Buffer;
  /** Whether two paths are one file on disk. */
  isSame(path: string, other: string): boolean;
  /** Forgets what was read. */
  forget(): void;
}

/** `onRead` is told the bytes of each file as they are read, or not read again. */
export function fileReader(onRead: (bytes: number) => void): FileReader {
  const memory = Buffer.allocUnsafeSlow(CHUNK);
  const known = new Map<string, FileFacts>();
  const factsOf = (path: string): FileFacts => {
    const file = openSync(path, READ);
    try {
      const stats = fstatSync(file);
      const identity = identityOf(stats);
      const found = identity === undefined ? undefined : known.get(identity);
      if (found) onRead(found.size);
      const facts = found ?? readFacts(file, memory, onRead);
      if (identity !== undefined) known.set(identity, facts);
      return facts;
    } finally {
      closeSync(file);
    }
  };
  return {
    facts: (path) => orUnreadable(() => factsOf(path)),
    bytes: (path) => readFileSync(path),
    isSame: (path, other) => {
      const [one, two] = [path, other].map((each) => identityOf(lstatSync(each)));
      return one !== undefined && one === two;
    },
    forget: () => known.clear(),
  };
}

const CHUNK = 2 ** 20;
/** A link is not followed. Windows knows no such flag. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** Of a file with several names; undefined for others, and where numbers of files are too large to be told apart. */
function identityOf({ dev, ino, nlink }: Pick<Stats, 'dev' | 'ino' | 'nlink'>): string | undefined {
  return nlink > 1 && Number.isSafeInteger(ino) ? `${dev}:${ino}` : undefined;
}

function readFacts(file: number, memory: Buffer, onRead: (bytes: number) => void): FileFacts {
  const count = readSync(file, memory, 0, memory.length, null);
  const first = memory.subarray(0, count);
  const head = Uint8Array.prototype.slice.call(first, 0, SNIFFED_BYTES);
  onRead(count);
  if (count < memory.length && readSync(file, memory, count, memory.length - count, null) === 0)
    return { size: count, digest: hash('sha256', first, 'hex'), crc32: crc32(first), head };
  return { ...readOn(file, first, memory, onRead), head };
}

/** Reads a file from its beginning, piece by piece. */
function readOn(file: number, first: Buffer, memory: Buffer, onRead: (bytes: number) => void): Omit<FileFacts, 'head'> {
  const digest = createHash('sha256').update(first);
  let [size, crc] = [first.length, crc32(first)];
  for (;;) {
    const count = readSync(file, memory, 0, memory.length, size);
    if (count === 0) return { size, digest: digest.digest('hex'), crc32: crc };
    const piece = memory.subarray(0, count);
    digest.update(piece);
    crc = crc32(piece, crc);
    size += count;
    onRead(count);
  }
}

/** A fault of the file is told in words; one of the system is thrown. */
function orUnreadable<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (isSystemError(error) && FAULTS_OF_FILES.has(error.code)) return `can't be read: ${error.code}`;
    throw error;
  }
}

const FAULTS_OF_FILES = new Set([
  'EACCES',
  'EPERM',
  'EIO',
  'ELOOP',
  'EISDIR',
  'ENOENT',
  'ENOTDIR',
  'ENXIO',
  'EUCLEAN',
  'EBADMSG',
]);
