import { createHash } from 'node:crypto';
import { closeSync, constants, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isUtf8 } from 'node:buffer';
import { isAbsence, Stop } from '../../errors.ts';
import { breather } from './breath.ts';

/*
 * What a folder holds, whatever any list says: all of its bytes are read.
 */

export interface HeldFile {
  /** SHA-256, in hex. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

export interface Held {
  /** By path inside the folder. */
  readonly files: ReadonlyMap<string, TimedFile>;
  /** Links, empty folders and the like. That of a folder ends with a slash. */
  readonly strays: readonly string[];
}

export interface TimedFile extends HeldFile {
  /** When it was changed, in milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** A folder that is read, all of it but the folders that `isElsewhere` names. */
export interface ReadFolder {
  readonly folder: string;
  readonly isElsewhere: (path: string) => boolean;
}

/**
 * Reads what folders hold, in their order; one that isn't there holds nothing. Files that are one on disk are read once. `onRead` is told the
 * bytes that are read, and of how many. Throws a `Stop` for a name that is no UTF-8, and the system's error.
 */
export async function readHeld(
  folders: readonly ReadFolder[],
  onRead: (done: number, total: number) => void,
): Promise<Held[]> {
  const breathe = breather();
  const memory = Buffer.allocUnsafeSlow(2 ** 20);
  const listing: Listing = { breathe, different: [], linked: new Map() };
  const held: Held[] = [];
  for (const one of folders) held.push(await listFolder(one, listing));
  const { different } = listing;
  const total = different.reduce((sum, { file }) => sum + file.size, 0);
  let done = 0;
  for (const { file, place } of different) {
    const reading = { memory, breathe, onRead: (bytes: number) => onRead((done += bytes), total) };
    Object.assign(file, await readFacts(place(), reading));
  }
  return held;
}

/** A file whose digest is still to be filled in. All paths of one file on the disk share it: there are several times as many paths. */
interface Unread {
  readonly file: { digest: string; size: number; mtimeMs: number };
  readonly place: () => string;
}

/** What is found while folders are listed. */
interface Listing {
  readonly breathe: () => Promise<void>;
  /** Receives each file once. */
  readonly different: Unread[];
  /** Files with several paths, by what they are on the disk. */
  readonly linked: Map<string, Unread['file']>;
}

async function listFolder({ folder, isElsewhere }: ReadFolder, listing: Listing): Promise<Held> {
  const { breathe, different, linked } = listing;
  const files = new Map<string, TimedFile>();
  const strays: string[] = [];
  const addFile = (path: string): void => {
    const { dev, ino, nlink, size, mtimeMs } = lstatSync(join(folder, path));
    const identity = `${dev}:${ino}`;
    const known = linked.get(identity);
    const file = known ?? { digest: '', size, mtimeMs };
    files.set(path, file);
    if (known) return;
    if (nlink > 1) linked.set(identity, file);
    different.push({ file, place: () => join(folder, path) });
  };
  const walk = async (inner: string): Promise<void> => {
    const entries = entriesIn(join(folder, inner));
    if (entries.length === 0 && inner !== '') strays.push(inner);
    for (const entry of entries) {
      const path = `${inner}${nameOf(entry.name, join(folder, inner))}`;
      if (entry.isDirectory()) {
        if (!isElsewhere(path)) await walk(`${path}/`);
      } else if (entry.isFile()) addFile(path);
      else strays.push(path);
      await breathe();
    }
  };
  await walk('');
  return { files, strays };
}

function entriesIn(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

function nameOf(name: Buffer, folder: string): string {
  if (isUtf8(name)) return name.toString('utf8');
  const problem = `${folder} holds something whose name is no UTF-8, which no site has: ${JSON.stringify(name.toString('latin1'))}`;
  throw new Stop('not-a-site', problem, 'remove it, and run the command again');
}

interface Reading {
  readonly memory: Buffer;
  readonly breathe: () => Promise<void>;
  onRead(bytes: number): void;
}

async function readFacts(place: string, { memory, breathe, onRead }: Reading): Promise<HeldFile> {
  const file = openSync(place, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const hash = createHash('sha256');
    let size = 0;
    for (;;) {
      const count = readSync(file, memory, 0, memory.length, size);
      if (count === 0) return { digest: hash.digest('hex'), size };
      hash.update(memory.subarray(0, count));
      size += count;
      onRead(count);
      await breathe();
    }
  } finally {
    closeSync(file);
  }
}
