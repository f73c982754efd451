/**
 * Reads a package from a zip. Zips come from elsewhere, so it refuses everything that a package doesn't need and an
 * attacker could use. Opening checks the whole central directory and all local headers; reading checks the content.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw, type ZlibOptions } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, getFileNameLowLevel, RandomAccessReader } from 'yauzl';

export interface ZipEntry {
  /** Inside the one top folder, such as `docs/README.md`. */
  readonly path: string;
  /** Bytes, unpacked. */
  readonly size: number;
  readonly crc32: number;
}

export interface ZipPackage {
  /** The one top folder, such as `acme-1.0.0`. */
  readonly top: string;
  /** Files only, in the order of the archive. */
  readonly entries: readonly ZipEntry[];
  /** The folders that have an entry, except the top folder. */
  readonly folders: readonly string[];
  /** Unpacks one of `entries`. Throws a `ZipError` if content, size or CRC are wrong. */
  read(entry: ZipEntry): Promise<Buffer>;
  /** Waits for the reads that have begun. Later reads fail. */
  close(): Promise<void>;
}

/** The zip is refused. The message is the reason, with the name of the entry if the reason concerns one. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}

/**
 * Opens a zip as Elastic's registry and `elastic-package build` make it: one top folder `{name}-{version}/`, stored or
 * deflated entries, names in UTF-8 (whatever the flag says, as Go reads them), with or without entries for folders.
 * Throws a `ZipError` for anything else (the limits are 65,535 entries and 250 MB unpacked), and the system's error if
 * the file can't be read.
 */
export async function openZip(file: string): Promise<ZipPackage> {
  const handle = await open(file, 'r');
  try {
    const { top, members, folders } = await readDirectory(handle);
    return {
      top,
      entries: [...members.values()].map((member) => member.entry),
      folders,
      read: (entry) => unpack(handle, members.get(entry.path)),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

const MAX_ENTRIES = 65_535;
/** The Package Spec's limit for a whole package, in bytes. */
const MAX_SIZE = 250 * 1024 * 1024;

/** A file of the zip, with the position and number of its packed bytes. */
interface Member {
  readonly entry: ZipEntry;
  readonly start: number;
  readonly packed: number;
  readonly deflated: boolean;
}

async function readDirectory(
  handle: FileHandle,
): Promise<{ top: string; members: Map<string, Member>; folders: string[] }> {
  const { size } = await handle.stat();
  const options = { autoClose: false, decodeStrings: false, validateEntrySizes: false };
  const names = new Names();
  const totals = new Totals(size);
  const listed = new Map<string, Entry>();
  const members = new Map<string, Member>();
  let where = 'not a readable zip';
  try {
    const zip = await fromRandomAccessReaderPromise(new HandleReader(handle, size), size, options);
    if (zip.entryCount > MAX_ENTRIES)
      throw new ZipError(`it has ${zip.entryCount} entries, the limit is ${MAX_ENTRIES}`);
    where = 'its first entry';
    for await (const entry of zip.eachEntry()) {
      const name = entryName(entry);
      listed.set(names.add(name), entry);
      checkEntry(name, entry);
      totals.add(entry);
      where = `the entry after ${quoted(name)}`;
    }
    for (const [path, entry] of listed) {
      const name = entryName(entry);
      where = quoted(name);
      const local = await zip.readLocalFileHeaderPromise(entry);
      if (!local.fileName.equals(entry.fileNameRaw)) refuse(name, 'has another name in its local header');
      if (!name.endsWith('/')) members.set(path, member(path, entry, local.fileDataStart));
    }
  } catch (error) {
    throw error instanceof ZipError || isSystemError(error) ? error : new ZipError(`${where}: ${messageOf(error)}`);
  }
  if (names.top === undefined || members.size === 0) throw new ZipError('it holds no files');
  const folders = [...listed.keys()].filter((path) => path.endsWith('/')).map((path) => path.slice(0, -1));
  return { top: names.top, members, folders };
}

const member = (path: string, entry: Entry, start: number): Member => ({
  entry: { path, size: entry.uncompressedSize, crc32: entry.crc32 },
  start,
  packed: entry.compressedSize,
  deflated: entry.compressionMethod === DEFLATED,
});

async function unpack(handle: FileHandle, found: Member | undefined): Promise<Buffer> {
  if (found === undefined) throw new Error('the entry is of another zip');
  const { entry, start, packed } = found;
  const data = Buffer.allocUnsafe(packed);
  const { bytesRead } = await handle.read(data, 0, packed, start);
  if (bytesRead < packed) refuse(entry.path, 'is cut off');
  const content = found.deflated ? await inflate(data, entry) : data;
  if (content.length !== entry.size) refuse(entry.path, `is ${content.length} bytes but says ${entry.size}`);
  if (crc32(content) !== entry.crc32) refuse(entry.path, 'is damaged: its CRC is wrong');
  return content;
}

/** Stops at the declared size, so that a small archive can't fill the memory. */
async function inflate(data: Buffer, { path, size }: ZipEntry): Promise<Buffer> {
  try {
    return await inflateRawAsync(data, { maxOutputLength: Math.max(size, 1) });
  } catch (error) {
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return refuse(
      path,
      tooLarge ? `unpacks to more than the ${size} bytes it says` : `is damaged: ${messageOf(error)}`,
    );
  }
}

const inflateRawAsync = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);

/** A file, or a folder with its contents by name. */
interface Node {
  readonly children: Map<string, Node> | undefined;
  /** Whether the zip has an entry for it. */
  listed: boolean;
}

/**
 * Checks names against earlier ones. It keeps a tree, because a list of all folders that a name goes through can be far
 * larger than the name.
 */
class Names {
  private readonly root: Node = { children: new Map(), listed: false };
  /** The one top folder, once there is a name. */
  top: string | undefined;

  /** The path inside the top folder. That of a folder ends with a slash. Throws a `ZipError`. */
  add(name: string): string {
    const fault = nameFault(name);
    if (fault !== undefined) refuse(name, fault);
    const isFile = !name.endsWith('/');
    const segments = (isFile ? name : name.slice(0, -1)).split('/');
    const [top = ''] = segments;
    if (isFile && segments.length === 1) refuse(name, `lies outside of the top folder {name}-{version}/${REPACK}`);
    if (this.top === undefined && !/[^-]-./s.test(top)) refuse(name, `is not in a folder {name}-{version}/${REPACK}`);
    this.top ??= top;
    if (top !== this.top) refuse(name, `lies outside of the top folder ${quoted(this.top)}${REPACK}`);
    this.enter(name, segments, isFile);
    return name.slice(top.length + 1);
  }

  private enter(name: string, segments: readonly string[], isFile: boolean): void {
    let node: Node = this.root;
    for (const [depth, segment] of segments.entries()) {
      const wantsFile = isFile && depth === segments.length - 1;
      const known = node.children?.get(segment);
      if (known !== undefined && (known.children === undefined) !== wantsFile) {
        refuse(name, `makes ${quoted(segments.slice(0, depth + 1).join('/'))} both a file and a folder`);
      }
      const next = known ?? { children: wantsFile ? undefined : new Map<string, Node>(), listed: false };
      node.children?.set(segment, next);
      node = next;
    }
    if (node.listed) refuse(name, `is there twice${REPACK}`);
    node.listed = true;
  }
}

/** Kibana refuses these zips as well. */
const REPACK = '; Kibana refuses such a zip, so pack it again: zip -X -r {name}-{version}.zip {name}-{version}';

function nameFault(name: string): string | undefined {
  if (name.includes('\0')) return 'has a NUL in its name';
  if (name.includes('\\')) return 'has a backslash in its name';
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'is an absolute path';
  const segments = name.replace(/\/$/, '').split('/');
  if (segments.includes('..') || segments.includes('.')) return 'has a segment "." or ".." in its path';
  return segments.includes('') ? 'has an empty segment in its path' : undefined;
}

/** Checks that the sums of the declared sizes stay within the limits. */
class Totals {
  private size = 0;
  private packed = 0;
  private readonly fileSize: number;

  constructor(fileSize: number) {
    this.fileSize = fileSize;
  }

  add(entry: Entry): void {
    this.size += entry.uncompressedSize;
    this.packed += entry.compressedSize;
    if (this.size > MAX_SIZE) throw new ZipError('it unpacks to more than 250 MB');
    if (this.packed > this.fileSize) throw new ZipError('its entries overlap or are cut off');
  }
}

const STORED = 0;
const DEFLATED = 8;

/** The facts about one entry in the central directory; flags and fields as in APPNOTE.TXT 4.4.4 to 4.4.15. */
function checkEntry(name: string, entry: Entry): void {
  const { compressionMethod: method, compressedSize: packed, uncompressedSize: size } = entry;
  if (entry.isEncrypted()) refuse(name, 'is encrypted');
  if (method !== STORED && method !== DEFLATED)
    refuse(name, `uses compression method ${method}, which is not supported`);
  if (method === STORED && packed !== size) refuse(name, `is stored as ${packed} bytes but says ${size}`);
  const type = entry.externalFileAttributes >>> 28;
  if (type === 0o12) refuse(name, 'is a symbolic link');
  const isFolder = name.endsWith('/');
  if (type !== 0 && type !== 0o10 && !(isFolder && type === 0o4)) refuse(name, 'is neither a file nor a folder');
  if (isFolder && size > 0) refuse(name, 'is a folder but has content');
}

/**
 * Reads the name as UTF-8, whatever the flag says. Info-ZIP's Unicode path, which some readers use instead, must be the
 * same.
 */
function entryName(entry: Entry): string {
  const raw = entry.fileNameRaw;
  const name = raw.toString('utf8');
  if (!Buffer.from(name).equals(raw)) refuse(name, 'has a name that is not UTF-8');
  if (getFileNameLowLevel(0x800, raw, entry.extraFields, true) !== name)
    refuse(name, 'has another name in an extra field');
  return name;
}

function refuse(name: string, reason: string): never {
  throw new ZipError(`${quoted(name)}: ${reason}`);
}

/** Escapes control characters: a name may be made to deceive the reader of the message. */
const quoted = (name: string): string => JSON.stringify(name);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

/**
 * Reads in chunks, because yauzl asks for about 40 bytes at a time, one request after the other. (Its own file reader
 * throws for an offset beyond 2^53 in a hostile archive, and nobody can catch that error.)
 */
class HandleReader extends RandomAccessReader {
  private readonly handle: FileHandle;
  private readonly size: number;
  private chunk = Buffer.alloc(0);
  private chunkStart = 0;

  constructor(handle: FileHandle, size: number) {
    super();
    this.handle = handle;
    this.size = size;
  }

  override read(...[buffer, offset, length, position, callback]: Parameters<RandomAccessReader['read']>): void {
    this.load(position, length).then((bytes) => {
      bytes.copy(buffer, offset);
      callback(null);
    }, callback);
  }

  private async load(position: number, length: number): Promise<Buffer> {
    if (position + length > this.size) throw new Error('the file ends too early');
    const from = position - this.chunkStart;
    if (from >= 0 && from + length <= this.chunk.length) return this.chunk.subarray(from, from + length);
    const chunk = Buffer.allocUnsafe(Math.min(Math.max(length, CHUNK), this.size - position));
    const { bytesRead } = await this.handle.read(chunk, 0, chunk.length, position);
    if (bytesRead < chunk.length) throw new Error('the file got shorter');
    this.chunk = chunk;
    this.chunkStart = position;
    return chunk.subarray(0, length);
  }
}

const CHUNK = 64 * 1024;
