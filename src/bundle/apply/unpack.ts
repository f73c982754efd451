import { createBrotliDecompress } from 'node:zlib';
import { wrong } from '../checked.ts';

/*
 * What a bundle has compressed, in memory in pieces: as one piece, it would be there twice while it is put together.
 */

export interface Pieces {
  /** The bytes of a range; fewer where it goes beyond the end. */
  read(offset: number, length: number): Uint8Array;
  /** The lines, without their ends. Throws a `Stop` where the last one has no end. */
  lines(): Iterable<string>;
}

/** Unpacks bytes that were compressed with Brotli. Throws a `Stop` where they weren't, or are more than `most` bytes; `where` is their name. */
export async function unpacked(bytes: Buffer, most: number, where: string): Promise<Pieces> {
  const pieces: Buffer[] = [];
  let length = 0;
  const unpacking = createBrotliDecompress({ chunkSize: PIECE });
  unpacking.end(bytes);
  try {
    for await (const piece of unpacking) {
      pieces.push(piece as Buffer);
      length += (piece as Buffer).length;
      if (length > most) throw wrong(where, `unpacks to more than ${most} bytes`);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^(ERR_|Z_)/.test(String(error.code)))
      throw wrong(where, 'is not compressed as it should be');
    throw error;
  }
  return piecesOf(pieces, where);
}

/** Bytes. */
const PIECE = 2 ** 20;

function piecesOf(pieces: readonly Buffer[], where: string): Pieces {
  let end = 0;
  const ends = pieces.map((piece) => (end += piece.length));
  return {
    read: (offset, length) => {
      const parts: Buffer[] = [];
      let at = offset;
      for (let i = firstBeyond(ends, offset); i < pieces.length && at < offset + length; i++) {
        const start = (ends[i] as number) - (pieces[i] as Buffer).length;
        const part = (pieces[i] as Buffer).subarray(at - start, offset + length - start);
        parts.push(part);
        at += part.length;
      }
      return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    },
    *lines() {
      let rest = Buffer.alloc(0);
      for (const piece of pieces) {
        let at = 0;
        for (let next = piece.indexOf(10); next >= 0; next = piece.indexOf(10, at)) {
          const line = piece.subarray(at, next);
          yield (rest.length === 0 ? line : Buffer.concat([rest, line])).toString('utf8');
          rest = Buffer.alloc(0);
          at = next + 1;
        }
        rest = Buffer.concat([rest, piece.subarray(at)]);
      }
      if (rest.length > 0) throw wrong(where, 'is cut short');
    },
  };
}

/** The first index of a rising list whose value is more than a number. */
function firstBeyond(rising: readonly number[], value: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
