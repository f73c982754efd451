/**
 * Assembles the zips of packages: headers around ready deflate streams, the same bytes every time
 * (docs/decisions/archiver.md). Fields are those of PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12
 * (central directory) and 4.3.16 (its end).
 */
import { comparePaths } from '../paths.ts';

/**
 * A file for a zip: its path inside the top folder, the facts about its content, and the length of its raw deflate
 * stream.
 */
export interface ZipFile {
  readonly path: string;
  /** Bytes, unpacked. */
  readonly size: number;
  readonly crc32: number;
  /** Bytes of the raw deflate stream (RFC 1951). Never 0, because an empty file has a stream too. */
  readonly deflatedSize: number;
}

/**
 * A zip without its content. The zip is, for every i in order, `heads[i]` and the stream of `files[i]`, and then
 * `tail`. `length` is the length of the whole zip. A head holds the entries of the folders that begin there, and the
 * header of the file.
 */
export interface ZipLayout<File extends ZipFile = ZipFile> {
  readonly length: number;
  readonly files: readonly File[];
  readonly heads: readonly Uint8Array[];
  readonly tail: Uint8Array;
}

/**
 * Lays out the zip of a package: everything below the folder `top` (`{name}-{version}`), in walk order, with an entry
 * for each folder except `top`; folders are stored and files deflated (docs/contract.md section 9). `files` and
 * `folders`, the empty folders, may be in any order, each path once. Throws an Error if the zip would need Zip64.
 */
export function zipLayout<File extends ZipFile>(
  top: string,
  files: readonly File[],
  folders: readonly string[] = [],
): ZipLayout<File> {
  const sorted = [...files].sort((a, b) => comparePaths(a.path, b.path));
  const entries = zipEntries(top, sorted, folders);
  const names = entries.reduce((sum, entry) => sum + entry.nameLength, 0);
  const local = entries.length * LOCAL_HEADER + names;
  const central = entries.length * CENTRAL_HEADER + names;
  const start = local + sorted.reduce((sum, file) => sum + file.deflatedSize, 0);
  const length = start + central + END_RECORD;
  const largest = sorted.reduce((most, file) => Math.max(most, file.size), length);
  if (entries.length > MAX_ENTRIES || largest > MAX_LENGTH) {
    throw new Error(`${top}: ${entries.length} entries, ${largest} bytes: more than a zip holds without Zip64`);
  }
  const { heads, rest } = localHeaders(entries, local);
  const tail = Buffer.concat([rest, centralDirectory(entries, start, central)]);
  return { length, files: sorted, heads, tail };
}

/** These counts and lengths mean "look at the Zip64 fields" (APPNOTE 4.4.1.4), so they are the first that don't fit. */
const MAX_ENTRIES = 0xffff - 1;
const MAX_LENGTH = 0xffffffff - 1;

const LOCAL_HEADER = 30;
const CENTRAL_HEADER = 46;
const END_RECORD = 22;

const UTF8_NAME = 1 << 11;
/**
 * The upper byte says that attributes are those of Unix. The lower byte, and the version needed to extract, is 2.0
 * (folders, deflate).
 */
const MADE_BY = (3 << 8) | 20;
const NEEDED = 20;
/** 1980-01-01, the first day of the format. */
const DATE = (1 << 5) | 1;
const FILE_ATTRIBUTES = (0o100644 << 16) >>> 0;
/** With the folder bit of MS-DOS. */
const FOLDER_ATTRIBUTES = ((0o040755 << 16) | 0x10) >>> 0;

interface Entry {
  readonly name: string;
  /** Bytes in UTF-8. */
  readonly nameLength: number;
  /** Of the local header, from the zip's start. */
  readonly offset: number;
  /** Undefined for a folder. */
  readonly file: ZipFile | undefined;
}

/** Folders and files in the order of the zip. */
function zipEntries(top: string, files: readonly ZipFile[], folders: readonly string[]): Entry[] {
  const entries: Entry[] = [];
  let offset = 0;
  const add = (path: string, file?: ZipFile): void => {
    const name = `${top}/${path}`;
    const nameLength = Buffer.byteLength(name);
    if (nameLength > 0xffff)
      throw new Error(`${name.slice(0, 80)}…: a name of ${nameLength} bytes doesn't fit in a zip`);
    entries.push({ name, nameLength, offset, file });
    offset += LOCAL_HEADER + nameLength + (file?.deflatedSize ?? 0);
  };
  const empty = folders.map((folder) => ({ path: `${folder}/`, file: undefined }));
  const items = [...files.map((file) => ({ path: file.path, file })), ...empty];
  let previous = '';
  for (const { path, file } of items.sort((a, b) => comparePaths(a.path, b.path))) {
    for (const folder of newFolders(path, previous)) add(folder);
    if (file) add(path, file);
    previous = path;
  }
  return entries;
}

/** The folders of `path`, outermost first, each with a slash at its end, that `previous` isn't in. */
function newFolders(path: string, previous: string): string[] {
  const folders: string[] = [];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash + 1);
    if (!previous.startsWith(folder)) folders.push(folder);
  }
  return folders;
}

/** The head of each file, and the headers of the folders behind the last file. Together they have `length` bytes. */
function localHeaders(entries: readonly Entry[], length: number): { heads: Uint8Array[]; rest: Uint8Array } {
  const arena = Buffer.allocUnsafe(length);
  const heads: Uint8Array[] = [];
  let at = 0;
  let start = 0;
  for (const entry of entries) {
    arena.writeUInt32LE(0x04034b50, at);
    writeCommon(arena, at + 4, entry);
    at = writeName(arena, at + LOCAL_HEADER, entry);
    if (entry.file === undefined) continue;
    heads.push(arena.subarray(start, at));
    start = at;
  }
  return { heads, rest: arena.subarray(start) };
}

/** The central directory, which begins at `start` in the zip and is `length` bytes, and the record that ends it. */
function centralDirectory(entries: readonly Entry[], start: number, length: number): Uint8Array {
  const buffer = Buffer.alloc(length + END_RECORD);
  let at = 0;
  for (const entry of entries) {
    buffer.writeUInt32LE(0x02014b50, at);
    buffer.writeUInt16LE(MADE_BY, at + 4);
    writeCommon(buffer, at + 6, entry);
    buffer.writeUInt32LE(entry.file === undefined ? FOLDER_ATTRIBUTES : FILE_ATTRIBUTES, at + 38);
    buffer.writeUInt32LE(entry.offset, at + 42);
    at = writeName(buffer, at + CENTRAL_HEADER, entry);
  }
  buffer.writeUInt32LE(0x06054b50, at);
  buffer.writeUInt16LE(entries.length, at + 8);
  buffer.writeUInt16LE(entries.length, at + 10);
  buffer.writeUInt32LE(length, at + 12);
  buffer.writeUInt32LE(start, at + 16);
  return buffer;
}

/** The 26 bytes that a local header and one of the central directory share. */
function writeCommon(buffer: Buffer, at: number, { name, nameLength, file }: Entry): void {
  buffer.writeUInt16LE(NEEDED, at);
  buffer.writeUInt16LE(nameLength === name.length ? 0 : UTF8_NAME, at + 2);
  buffer.writeUInt16LE(file === undefined ? 0 : 8, at + 4);
  buffer.writeUInt16LE(0, at + 6);
  buffer.writeUInt16LE(DATE, at + 8);
  buffer.writeUInt32LE(file?.crc32 ?? 0, at + 10);
  buffer.writeUInt32LE(file?.deflatedSize ?? 0, at + 14);
  buffer.writeUInt32LE(file?.size ?? 0, at + 18);
  buffer.writeUInt16LE(nameLength, at + 22);
  buffer.writeUInt16LE(0, at + 24);
}

/** Where the name ends. */
const writeName = (buffer: Buffer, at: number, { name, nameLength }: Entry): number =>
  at + buffer.write(name, at, nameLength === name.length ? 'latin1' : 'utf8');
