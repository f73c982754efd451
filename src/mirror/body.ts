import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { errorCode } from '../errors.ts';
import type { Pace } from './mirroring.ts';
import { asRefusal, AttemptError } from './network-errors.ts';
import { Refusal, spoiled } from './refusal.ts';

/* The body of an answer, as it comes: never as a whole in memory. */

/** What a body may be. */
export interface Expected {
  /** Bytes, packed and unpacked. */
  readonly limit: number;
  /** What is larger; the end of a sentence. */
  readonly excess: string;
  readonly watch?: Watch | undefined;
}

/** Is told of each attempt how much there will be, if the registry says it, and of the bytes as they come. */
export interface Watch {
  onHead(length: number | undefined): void;
  onBytes(count: number): void;
}

/** How fast bytes must come, and who is told of all of them. */
export interface Flow extends Pick<Pace, 'idleTimeout' | 'slowest'> {
  onBytes(count: number): void;
}

export interface Body {
  readonly packed: AsyncIterable<Buffer>;
  readonly isGzip: boolean;
}

/** The unpacked bytes of a body. Throws a `Refusal` while it is read: if there are too many of them, or they don't come. */
export async function* bodyOf({ packed, isGzip }: Body, expected: Expected, flow: Flow): AsyncGenerator<Buffer> {
  const came = arriving(packed, expected, flow);
  let size = 0;
  for await (const chunk of isGzip ? unpacked(came) : came) {
    size += chunk.length;
    if (size > expected.limit) throw new Refusal(expected.excess, { code: 'limit' });
    yield chunk;
  }
}

async function* arriving(packed: AsyncIterable<Buffer>, expected: Expected, flow: Flow): AsyncGenerator<Buffer> {
  const { limit, excess, watch } = expected;
  const hurry = hurrying(flow);
  let size = 0;
  try {
    for await (const chunk of packed) {
      size += chunk.length;
      flow.onBytes(chunk.length);
      watch?.onBytes(chunk.length);
      if (size > limit) throw new Refusal(excess, { code: 'limit' });
      hurry(chunk.length);
      yield chunk;
    }
  } catch (error) {
    throw asRefusal(error);
  }
}

/** Refuses a body that only trickles: fewer bytes came in the time in which one must come than at the slowest pace. */
function hurrying({ idleTimeout, slowest }: Flow): (count: number) => void {
  let [since, bytes] = [performance.now(), 0];
  return (count) => {
    bytes += count;
    const time = performance.now() - since;
    if (time < idleTimeout) return;
    if (bytes < (slowest * time) / 1000)
      throw new AttemptError(`sends less than ${slowest.toLocaleString('en-US')} bytes a second`, {
        isPassing: true,
        isSilent: true,
      });
    [since, bytes] = [performance.now(), 0];
  };
}

async function* unpacked(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = pipeline(Readable.from(packed), createGunzip(), () => undefined); // its error comes to who reads it
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    const code = errorCode(error);
    throw code.startsWith('Z_') ? spoiled(`sends a broken or incomplete gzip (${code})`) : error;
  }
}
