import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/*
 * Reads the central directory of a zip (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 and 4.3.16) at the pace of reading it.
 * What a zip may hold was judged when it was taken in; here it is compared with what the site lists.
 */

export interface ZipMember {
  /** A byte string. That of a folder ends with a slash. */
  readonly name: string;
  /** Bytes, unpacked. */
  readonly size: number;
  readonly crc32: number;
  /** How it is compressed (APPNOTE 4.4.5): 0 is stored, 8 is deflated. */
  readonly method: number;
  /** Bytes of its raw stream. */
  readonly packedSize: number;
  /** Of its local header, from the start of the zip. */
  readonly offset: number;
}

/** The members of a zip, in the order of its directory. Undefined where it has none, or needs Zip64. Throws the system's error. */
export function zipMembers(path: string): ZipMember[] | undefined {
  const file = openSync(path, 'r');
  try {
    return membersOfZip(file);
  } finally {
    closeSync(file);
  }
}

/** The same for an open file. */
export function membersOfZip(file: number): ZipMember[] | undefined {
  const { size } = fstatSync(file);
  const end = readAt(file, Math.max(0, size - LONGEST_END), Math.min(size, LONGEST_END));
  const record = zipEnd(end);
  if (!record) return undefined;
  const members = [...membersIn(readAt(file, record.start, Math.min(size, record.length)))];
  return members.length === record.entries ? members : undefined;
}

/** What the record says that ends a zip: how many entries its directory has, and where that lies. Without Zip64. */
export interface ZipEnd {
  readonly entries: number;
  /** Bytes of the directory, and where it begins in the zip. */
  readonly length: number;
  readonly start: number;
}

/** The record in the last bytes of a zip; undefined where there is none. */
export function zipEnd(bytes: Buffer): ZipEnd | undefined {
  const at = bytes.lastIndexOf(END_SIGNATURE);
  if (at < 0 || at + END_RECORD > bytes.length) return undefined;
  return {
    entries: bytes.readUInt16LE(at + 10),
    length: bytes.readUInt32LE(at + 12),
    start: bytes.readUInt32LE(at + 16),
  };
}

/**
 * Where the raw stream of a member begins, from the start of its zip: behind its local header. Undefined where there is no such
 * header. Throws the system's error.
 */
export function streamOffset(file: number, { offset }: Pick<ZipMember, 'offset'>): number | undefined {
  const header = readAt(file, offset, LOCAL_HEADER);
  if (header.length < LOCAL_HEADER || header.readUInt32LE(0) !== LOCAL_SIGNATURE) return undefined;
  return offset + LOCAL_HEADER + header.readUInt16LE(26) + header.readUInt16LE(28);
}

const END_RECORD = 22;
/** The record that ends a zip has a comment of at most 65,535 bytes. */
const LONGEST_END = END_RECORD + 0xffff;
const END_SIGNATURE = Buffer.from('PK\x05\x06', 'latin1');
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_HEADER = 30;

function readAt(file: number, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const count = readSync(file, bytes, 0, length, start);
  return bytes.subarray(0, count);
}

function* membersIn(directory: Buffer): Generator<ZipMember> {
  let at = 0;
  while (at + ENTRY <= directory.length && directory.readUInt32LE(at) === ENTRY_SIGNATURE) {
    const nameLength = directory.readUInt16LE(at + 28);
    yield {
      name: directory.toString('latin1', at + ENTRY, at + ENTRY + nameLength),
      size: directory.readUInt32LE(at + 24),
      crc32: directory.readUInt32LE(at + 16),
      method: directory.readUInt16LE(at + 10),
      packedSize: directory.readUInt32LE(at + 20),
      offset: directory.readUInt32LE(at + 42),
    };
    at += ENTRY + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
}
