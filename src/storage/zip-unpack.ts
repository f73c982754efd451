/**
 * Unpacks an entry of a zip: whole, or piece by piece where it is large.
 */
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { crc32, createInflateRaw, inflateRaw, type ZlibOptions } from 'node:zlib';
import { refuse, ZipError } from './zip-error.ts';

export interface ZipEntry {
  /** Inside the one top folder, such as `docs/README.md`. */
  readonly path: string;
  /** Bytes, unpacked. */
  readonly size: number;
  readonly crc32: number;
}

/** A file of the zip, with the position and number of its packed bytes. */
export interface Member {
  readonly entry: ZipEntry;
  readonly start: number;
  readonly packed: number;
  readonly deflated: boolean;
}

/** The content of an entry. Throws a `ZipError` if content, size or CRC are wrong. */
export async function unpack(handle: FileHandle, { entry, start, packed, deflated }: Member): Promise<Buffer> {
  const data = await readPacked(handle, entry, { start, length: packed });
  const content = deflated ? await inflate(data, entry) : data;
  checkContent(entry, content.length, crc32(content));
  return content;
}

/** The same piece by piece. Throws at the end at the latest, and never gives more bytes than the entry says. */
export async function* unpackPieces(handle: FileHandle, member: Member): AsyncIterable<Buffer> {
  const { entry, packed, deflated } = member;
  // A stream of its own costs more than what a small entry takes.
  if (Math.max(packed, entry.size) <= SMALL) return yield await unpack(handle, member);
  const pieces = packedPieces(handle, member);
  let [size, crc] = [0, 0];
  for await (const piece of deflated ? inflatePieces(pieces, entry) : pieces) {
    size += piece.length;
    if (size > entry.size) refuseMore(entry);
    crc = crc32(piece, crc);
    yield piece;
  }
  checkContent(entry, size, crc);
}

/** Bytes. */
const SMALL = 2 ** 20;
const PIECE = 2 ** 18;

async function* packedPieces(handle: FileHandle, { entry, start, packed }: Member): AsyncIterable<Buffer> {
  for (let done = 0; done < packed; done += PIECE)
    yield await readPacked(handle, entry, { start: start + done, length: Math.min(PIECE, packed - done) });
}

async function readPacked(
  handle: FileHandle,
  { path }: ZipEntry,
  { start, length }: { readonly start: number; readonly length: number },
): Promise<Buffer> {
  const data = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(data, 0, length, start);
  if (bytesRead < length) refuse(path, 'is cut off');
  return data;
}

/** Stops at the declared size, so that a small archive can't fill the memory. */
async function inflate(data: Buffer, entry: ZipEntry): Promise<Buffer> {
  try {
    return await inflateRawAsync(data, { maxOutputLength: Math.max(entry.size, 1) });
  } catch (error) {
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return tooLarge ? refuseMore(entry) : refuseDamaged(entry, error);
  }
}

const inflateRawAsync = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);

async function* inflatePieces(packed: AsyncIterable<Buffer>, entry: ZipEntry): AsyncIterable<Buffer> {
  // An error of either stream reaches whoever reads the last one, so the callback has nothing to tell.
  const inflated = pipeline(packed, createInflateRaw({ chunkSize: PIECE }), () => undefined);
  try {
    yield* inflated;
  } catch (error) {
    if (error instanceof ZipError || isSystemError(error)) throw error;
    refuseDamaged(entry, error);
  }
}

function checkContent(entry: ZipEntry, size: number, crc: number): void {
  if (size !== entry.size) refuse(entry.path, `is ${size} bytes but says ${entry.size}`);
  if (crc !== entry.crc32) refuse(entry.path, 'is damaged: its CRC is wrong');
}

function refuseMore({ path, size }: ZipEntry): never {
  return refuse(path, `unpacks to more than the ${size} bytes it says`);
}

function refuseDamaged({ path }: ZipEntry, error: unknown): never {
  return refuse(path, `is damaged: ${messageOf(error)}`);
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;
