import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

/** Some bytes compressed with Brotli, as members of bundles are: in a few seconds, and with all of a long text in sight. */
export async function compressed(bytes: Uint8Array): Promise<Buffer> {
  return await compress(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 6,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

const compress = promisify(brotliCompress);
