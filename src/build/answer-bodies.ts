import { createHash } from 'node:crypto';
import type { Precompute } from '../config.ts';
import { piecesLength } from '../core/compose.ts';
import type { Piece } from '../core/compose.ts';

/** The bodies of answers, each different one once. */
export interface BodyCollector {
  /** By position. */
  readonly digests: string[];
  /** Bytes of each. */
  readonly lengths: number[];
  /** The position of a body, -1 where the limits leave it out. */
  add(pieces: readonly Piece[]): number;
}

/** What the columns call an answer, and its file, by its digest. */
export function answerName(digest: string): string {
  return digest.slice(0, 16);
}

/** Joins pieces in memory that the next call reuses. Separate memory for every body would stay garbage for long. */
function piecesJoiner(rows: Buffer): (pieces: readonly Piece[]) => Buffer {
  let memory = Buffer.alloc(0);
  return (pieces) => {
    const length = piecesLength(pieces);
    if (memory.length < length) memory = Buffer.allocUnsafeSlow(length * 2);
    let at = 0;
    for (const piece of pieces)
      at +=
        typeof piece === 'string' ? memory.write(piece, at, 'latin1') : rows.copy(memory, at, piece.start, piece.end);
    return memory.subarray(0, length);
  };
}

/** Collects the bodies of precomputed answers, up to the limits. `write` gets each different one. */
export function bodyCollector(
  rows: Buffer,
  limits: Pick<Precompute, 'answers' | 'bytes'>,
  write: (digest: string, body: Buffer) => void,
): BodyCollector {
  const join = piecesJoiner(rows);
  const digests: string[] = [];
  const lengths: number[] = [];
  const byPieces = new Map<string, number>();
  const positions = new Map<string, number>();
  let bytes = 0;
  const keep = (pieces: readonly Piece[]): number => {
    const body = join(pieces);
    const digest = createHash('sha256').update(body).digest('hex');
    const name = answerName(digest);
    const known = positions.get(name);
    if (known !== undefined) return known;
    if (digests.length >= limits.answers || bytes + body.length > limits.bytes) return -1;
    write(digest, body);
    bytes += body.length;
    lengths.push(body.length);
    positions.set(name, digests.push(name) - 1);
    return digests.length - 1;
  };
  return {
    digests,
    lengths,
    add: (pieces) => {
      const key = pieces.map((piece) => (typeof piece === 'string' ? piece : `${piece.start}-${piece.end}`)).join('|');
      const position = byPieces.get(key) ?? keep(pieces);
      byPieces.set(key, position);
      return position;
    },
  };
}
