import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants, crc32, deflateRawSync } from 'node:zlib';
import type { PackedStream } from './packs.ts';

/*
 * Compressed forms of a site's files, made by threads.
 */

/** A content coding, as in `Content-Encoding`. */
export type Coding = 'br' | 'gzip';

/** Where a compressed form comes from. */
export type FormSource =
  /** An earlier build made it. */
  | { readonly kind: 'kept'; readonly form: PackedStream }
  /** There is a raw deflate stream of the file, which has this CRC-32. */
  | { readonly kind: 'deflated'; readonly stream: PackedStream; readonly crc32: number }
  | { readonly kind: 'file' };

export interface FormTask {
  /** The file that is to be compressed, and its bytes. */
  readonly file: string;
  readonly size: number;
  /** Where the form goes: one file under each of these paths. */
  readonly to: readonly [string, ...string[]];
  readonly coding: Coding;
  readonly level: number;
  readonly source: FormSource;
}

/** A compressed form that was put in its place. */
export interface MadeForm {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  /** Where the thread's own pack has it, where it was compressed. */
  readonly packed: { readonly offset: number; readonly crc32: number } | undefined;
}

/** What a thread does for this task. */
export interface FormPlaces {
  /** The bytes of a stream; undefined where they are not as they should be. */
  readStream(stream: PackedStream): Uint8Array | undefined;
  /** Appends bytes to the thread's own pack, and gives the offset. */
  appendToPack(bytes: Uint8Array): number;
  /** Writes a file, and gives its digest. */
  writeFile(path: string, bytes: Uint8Array): string;
  linkFile(from: string, to: string): void;
}

/** Puts a form in its place, unless it is not smaller than the file: then it gives undefined. */
export function placeForm(task: FormTask, places: FormPlaces): MadeForm | undefined {
  const ready = readyForm(task, places);
  const form = ready ?? compress(readFileSync(task.file), task);
  if (form.length >= task.size) return undefined;
  const [first, ...others] = task.to;
  const digest = places.writeFile(first, form);
  for (const path of others) places.linkFile(first, path);
  const packed = ready ? undefined : { offset: places.appendToPack(form), crc32: crc32(form) };
  return { size: form.length, digest, packed };
}

function readyForm({ source, size }: FormTask, { readStream }: FormPlaces): Uint8Array | undefined {
  if (source.kind === 'file') return undefined;
  if (source.kind === 'kept') return readStream(source.form);
  const stream = readStream(source.stream);
  return stream && gzipOf(stream, { size, crc: source.crc32 });
}

/** A gzip file (RFC 1952) around a raw deflate stream: no time, no name, of an unknown system. */
function gzipOf(stream: Uint8Array, { size, crc }: { readonly size: number; readonly crc: number }): Uint8Array {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  return Buffer.concat([GZIP_HEADER, stream, trailer]);
}

const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

function compress(bytes: Buffer, { coding, level }: FormTask): Uint8Array {
  if (coding === 'gzip') return gzipOf(deflateRawSync(bytes, { level }), { size: bytes.length, crc: crc32(bytes) });
  const params = { [constants.BROTLI_PARAM_QUALITY]: level, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params });
}
