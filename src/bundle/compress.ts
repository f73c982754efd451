import { Readable } from 'node:stream';
import { constants, createBrotliCompress } from 'node:zlib';

/** Some bytes, in pieces, compressed with Brotli, as members of bundles are. A larger window than the usual one of 4 MB makes nothing smaller. */
export async function compressed(pieces: Iterable<Uint8Array>): Promise<Buffer> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 6 };
  const made: Buffer[] = [];
  const packing = Readable.from(pieces, { objectMode: true }).pipe(createBrotliCompress({ params }));
  for await (const piece of packing) made.push(piece as Buffer);
  return Buffer.concat(made);
}
