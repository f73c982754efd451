import { Readable } from 'node:stream';
import { constants, createBrotliCompress } from 'node:zlib';

/** Some bytes, in pieces, compressed with Brotli, as members of bundles are: in a few seconds, and with all of a long text in sight. */
export async function compressed(pieces: Iterable<Uint8Array>): Promise<Buffer> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_LGWIN]: 24 };
  const made: Buffer[] = [];
  const packing = Readable.from(pieces, { objectMode: true }).pipe(createBrotliCompress({ params }));
  for await (const piece of packing) made.push(piece as Buffer);
  return Buffer.concat(made);
}
