import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Stop } from '../errors.ts';

/*
 * The tar of a bundle (POSIX.1-2017, pax, "ustar Interchange Format"). It has regular files only, and each header says nothing but the
 * name and the size: there is one way to write a bundle, so that every altered byte shows.
 */

/** A member as it lies in a tar. */
export interface TarMember {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Where its content begins, from the start of the tar. */
  readonly offset: number;
}

/** The header of a member, a block. Throws an Error for a name or a size that it can't hold. */
export function tarHeader(name: string, size: number): Buffer {
  if (!NAME.test(name) || !Number.isSafeInteger(size) || size < 0 || size > MAX_MEMBER)
    throw new Error(`${name}: a bundle can't hold a member with this name and ${size} bytes`);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 'latin1');
  header.write('0000644\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  header.write(`${octal(size, 11)}\0`, 124, 'latin1');
  header.write(`${octal(TIME, 11)}\0`, 136, 'latin1');
  header.write('        0', 148, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return header;
}

/** How many zeros follow the content of a member. */
export function tarPadding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** What ends a tar. */
export const TAR_END = Buffer.alloc(1024);

/** The most bytes of a member: 11 octal digits. */
export const MAX_MEMBER = 8 ** 11 - 1;

/**
 * The members of an open tar, in their order. `path` is its name for messages. Throws a `Stop` if a byte outside of the contents of
 * members isn't as `tarHeader` and `tarPadding` have it, and the system's error.
 */
export function readTar(file: number, path: string): TarMember[] {
  const { size: length } = fstatSync(file);
  const members: TarMember[] = [];
  let at = 0;
  for (;;) {
    const header = readAt(file, at, BLOCK);
    if (header.length < BLOCK) throw damaged(path, at, 'it is cut short');
    if (isZero(header)) break;
    const { name, size } = parseHeader(header) ?? {};
    if (name === undefined || size === undefined) throw damaged(path, at, 'no bundle has such a header');
    const offset = at + BLOCK;
    const end = offset + size;
    at = end + tarPadding(size);
    if (at > length) throw damaged(path, length, `it is cut short, in ${name}`);
    if (!isZero(readAt(file, end, at - end))) throw damaged(path, end, `there must be zeros behind ${name}`);
    members.push({ name, size, offset });
  }
  const end = readAt(file, at, TAR_END.length + 1);
  if (!end.equals(TAR_END)) throw damaged(path, at, 'there must be 1024 zeros at the end, and nothing else');
  return members;
}

/** The name of the first member of a file, if the file begins as the tar of a bundle does. Throws the system's error. */
export function firstMember(path: string): string | undefined {
  const file = openSync(path, 'r');
  try {
    return parseHeader(readAt(file, 0, BLOCK))?.name;
  } finally {
    closeSync(file);
  }
}

/** Bytes of a block. */
const BLOCK = 512;
/** 1980-01-01, the first day that all tools know. */
const TIME = 315532800;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,98}$/;

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** The name and the size of a header; undefined where `tarHeader` would not write it so. */
function parseHeader(header: Buffer): { name: string; size: number } | undefined {
  if (header.length < BLOCK) return undefined;
  const name = header.toString('latin1', 0, header.indexOf(0));
  const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
  if (!NAME.test(name) || !(size >= 0 && size <= MAX_MEMBER)) return undefined;
  return tarHeader(name, size).equals(header) ? { name, size } : undefined;
}

function readAt(file: number, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, start));
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function damaged(path: string, at: number, why: string): Stop {
  return new Stop('bad-bundle', `${path} is damaged, or no bundle, at byte ${at}: ${why}`, 'copy it again');
}
