import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Takes the bytes of a file in their order. */
export interface Pieces {
  /** Memory for the next bytes, to be filled before the next call. */
  room(length: number): Buffer;
}

interface WrittenFile {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  readonly crc32: number;
}

/**
 * Writes a file from pieces, so that it is never in memory as a whole; undefined, with a part of the file written, where `fill`
 * is false. `memory` gives memory of at least a size, and the same again while it is large enough.
 */
export function writePieces(
  path: string,
  memory: (size: number) => Buffer,
  fill: (pieces: Pieces) => boolean,
): WrittenFile | undefined {
  const file = openSync(path, 'w');
  const hash = createHash('sha256');
  let [filled, size, crc] = [0, 0, 0];
  let piece = memory(PIECE);
  const flush = (): void => {
    const bytes = piece.subarray(0, filled);
    hash.update(bytes);
    crc = crc32(bytes, crc);
    for (let done = 0; done < filled;) done += writeSync(file, bytes, done);
    size += filled;
    filled = 0;
  };
  const room = (length: number): Buffer => {
    if (filled + length > piece.length) {
      flush();
      piece = memory(Math.max(PIECE, length));
    }
    filled += length;
    return piece.subarray(filled - length, filled);
  };
  try {
    if (!fill({ room })) return undefined;
    flush();
    return { size, digest: hash.digest('hex'), crc32: crc };
  } finally {
    closeSync(file);
  }
}

/** Bytes: much for a write, little for the cache of a processor. */
const PIECE = 2 ** 19;
