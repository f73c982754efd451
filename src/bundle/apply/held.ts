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
  const listed = [];
  for (const one of folders) listed.push(await listFolder(one, breathe));
  const different = new Map(listed.flatMap(({ files }) => files.map((file) => [file.identity, file])));
  const total = [...different.values()].reduce((sum, { size }) => sum + size, 0);
  const facts = new Map<string, HeldFile>();
  let done = 0;
  for (const { identity, place } of different.values()) {
    facts.set(identity, await readFacts(place, { memory, breathe, onRead: (bytes) => onRead((done += bytes), total) }));
  }
  return listed.map(({ files, strays }) => ({
    files: new Map(
      files.map(({ path, identity, mtimeMs }) => [path, { ...(facts.get(identity) as HeldFile), mtimeMs }]),
    ),
    strays,
  }));
}

interface ListedFile {
  readonly path: string;
  readonly place: string;
  /** Equal for paths that are one file on disk. */
  readonly identity: string;
  readonly size: number;
  readonly mtimeMs: number;
}

async function listFolder(
  { folder, isElsewhere }: ReadFolder,
  breathe: () => Promise<void>,
): Promise<{ files: ListedFile[]; strays: string[] }> {
  const [files, strays]: [ListedFile[], string[]] = [[], []];
  const walk = async (inner: string): Promise<void> => {
    const entries = entriesIn(join(folder, inner));
    if (entries.length === 0 && inner !== '') strays.push(inner);
    for (const entry of entries) {
      const path = `${inner}${nameOf(entry.name, join(folder, inner))}`;
      const place = join(folder, path);
      if (entry.isDirectory()) {
        if (!isElsewhere(path)) await walk(`${path}/`);
      } else if (entry.isFile()) {
        const { dev, ino, nlink, size, mtimeMs } = lstatSync(place);
        files.push({ path, place, identity: nlink > 1 ? `${dev}:${ino}` : place, size, mtimeMs });
      } else strays.push(path);
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
