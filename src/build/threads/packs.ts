import { openSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { isFile, readFully, writeFully } from './files.ts';
import type { Scratch } from './files.ts';

/*
 * Packs: files of streams, one behind another.
 */

/** A stream in a pack. */
export interface PackedStream {
  /** The pack's file. */
  readonly file: string;
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  readonly crc32: number;
}

/** Opens a new pack. The function that it gives appends a stream, and gives the offset of it. */
export function newPack(path: string): (bytes: Uint8Array) => number {
  const file = openSync(path, 'w');
  let end = 0;
  return (bytes) => {
    const offset = end;
    writeFully(file, bytes, offset);
    end += bytes.length;
    return offset;
  };
}

export interface PackReader {
  /** A stream, in `scratch` memory; undefined if its bytes are not as they should be. */
  read(stream: PackedStream): Buffer | undefined;
  /** Reads a stream into memory of its size; false if its bytes are not as they should be. */
  readInto(target: Buffer, stream: Omit<PackedStream, 'size'>): boolean;
}

/** Reads streams. Packs that were opened stay open. */
export function packReader(scratch: Scratch): PackReader {
  const opened = new Map<string, number>();
  const open = (path: string): number | undefined => {
    const known = opened.get(path);
    if (known !== undefined || !isFile(path)) return known;
    const file = openSync(path, 'r');
    opened.set(path, file);
    return file;
  };
  const readInto: PackReader['readInto'] = (target, { file, offset, crc32: expected }) => {
    const pack = open(file);
    return pack !== undefined && readFully(pack, target, offset) && crc32(target) === expected;
  };
  return {
    readInto,
    read: (stream) => {
      const bytes = scratch(stream.size);
      return readInto(bytes, stream) ? bytes : undefined;
    },
  };
}
