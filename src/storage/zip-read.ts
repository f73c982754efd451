/**
 * Reads a package from a zip. Zips come from elsewhere, so it refuses everything that a package doesn't need and an
 * attacker could use. Opening checks the whole central directory and all local headers; reading checks the content.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { type Entry, fromRandomAccessReaderPromise, type ZipFile } from 'yauzl';
import { excess } from '../limits.ts';
import type { Limits } from '../limits.ts';
import {
  checkDescriptor,
  checkEnd,
  checkEntry,
  checkLocalHeader,
  checkOverlaps,
  DEFLATED,
  Totals,
} from './zip-checks.ts';
import type { EntryPlace } from './zip-checks.ts';
import { quoted, refuseExcess, ZipError } from './zip-error.ts';
import { entryName, Names } from './zip-names.ts';
import { HandleReader } from './zip-reader.ts';
import { isSystemError, messageOf, unpack, unpackPieces } from './zip-unpack.ts';
import type { Member, ZipEntry } from './zip-unpack.ts';

export { ZipError } from './zip-error.ts';
export type { ZipEntry } from './zip-unpack.ts';

export interface ZipPackage {
  /** The one top folder, such as `acme-1.0.0`. */
  readonly top: string;
  /** Files only, in the order of the archive. */
  readonly entries: readonly ZipEntry[];
  /** The folders that have an entry, except the top folder. */
  readonly folders: readonly string[];
  /** Bytes of the zip itself. */
  readonly packed: number;
  /** Unpacks one of `entries`. Throws a `ZipError` if content, size or CRC are wrong. */
  read(entry: ZipEntry): Promise<Buffer>;
  /** The same piece by piece, so that a large entry is never whole in memory. Throws at its end at the latest. */
  pieces(entry: ZipEntry): AsyncIterable<Buffer>;
  /** Waits for the reads that have begun. Later reads fail. */
  close(): Promise<void>;
}

/**
 * Opens a zip as Elastic's registry and `elastic-package build` make it: one top folder `{name}-{version}/`, stored or
 * deflated entries, names in UTF-8 (whatever the flag says, as Go reads them), with or without entries for folders.
 * Throws a `ZipError` for anything else and for what is beyond the limits, and the system's error if the file can't be read.
 */
export async function openZip(file: string, limits: Limits): Promise<ZipPackage> {
  const handle = await open(file, 'r');
  try {
    const { size: packed } = await handle.stat();
    const { top, members, folders } = await readDirectory(handle, packed, limits);
    const memberOf = ({ path }: ZipEntry): Member => members.get(path) ?? notOfZip();
    return {
      top,
      entries: [...members.values()].map((member) => member.entry),
      folders,
      packed,
      read: async (entry) => await unpack(handle, memberOf(entry)),
      pieces: (entry) => unpackPieces(handle, memberOf(entry)),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function notOfZip(): never {
  throw new ZipError('the entry is of another zip');
}

interface Directory {
  readonly top: string;
  /** Path inside the top folder -> file. */
  readonly members: ReadonlyMap<string, Member>;
  readonly folders: readonly string[];
}

async function readDirectory(handle: FileHandle, size: number, limits: Limits): Promise<Directory> {
  refuseExcess(excess(limits, 'file', size));
  const reader = new HandleReader(handle, size);
  let where = 'not a readable zip';
  const at = (place: string): void => void (where = place);
  try {
    const options = { autoClose: false, decodeStrings: false, validateEntrySizes: false };
    const zip = await fromRandomAccessReaderPromise(reader, size, options);
    refuseExcess(excess(limits, 'entries', zip.entryCount));
    const { top, listed } = await readEntries(zip, { reader, limits, at });
    const members = await readLocalHeaders(zip, listed, { reader, at });
    if (top === undefined || members.size === 0) throw new ZipError('it holds no files');
    const folders = [...listed.keys()].filter((path) => path.endsWith('/')).map((path) => path.slice(0, -1));
    return { top, members, folders };
  } catch (error) {
    throw error instanceof ZipError || isSystemError(error) ? error : new ZipError(`${where}: ${messageOf(error)}`);
  }
}

/** What a part of reading needs: `at` is told which entry is being read, for the message of an error. */
interface Reading {
  readonly reader: HandleReader;
  at(place: string): void;
}

/** The entries of the central directory, by path inside the top folder; of a folder, it ends with a slash. */
async function readEntries(
  zip: ZipFile,
  { reader, limits, at }: Reading & { readonly limits: Limits },
): Promise<{ top: string | undefined; listed: ReadonlyMap<string, Entry> }> {
  const names = new Names();
  const totals = new Totals(reader.size, limits);
  const listed = new Map<string, Entry>();
  at('its first entry');
  for await (const entry of zip.eachEntry()) {
    const name = entryName(entry);
    totals.add(name, entry);
    listed.set(names.add(name), entry);
    checkEntry(name, entry);
    at(`the entry after ${quoted(name)}`);
  }
  await checkEnd(reader, { commentLength: zip.comment.length, directoryEnd: Number(zip.readEntryCursor) });
  return { top: names.top, listed };
}

async function readLocalHeaders(
  zip: ZipFile,
  listed: ReadonlyMap<string, Entry>,
  { reader, at }: Reading,
): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  const places: EntryPlace[] = [];
  for (const [path, entry] of listed) {
    const name = entryName(entry);
    at(quoted(name));
    const local = await zip.readLocalFileHeaderPromise(entry);
    checkLocalHeader(name, entry, local);
    const end = local.fileDataStart + entry.compressedSize;
    await checkDescriptor(name, entry, { reader, end });
    places.push({ name, start: entry.relativeOffsetOfLocalHeader, end });
    if (!name.endsWith('/')) members.set(path, member(path, entry, local.fileDataStart));
  }
  checkOverlaps(places);
  return members;
}

const member = (path: string, entry: Entry, start: number): Member => ({
  entry: { path, size: entry.uncompressedSize, crc32: entry.crc32 },
  start,
  packed: entry.compressedSize,
  deflated: entry.compressionMethod === DEFLATED,
});
