import { storeHandler } from '../fetch/store-handler.ts';
import type { Log } from '../fetch/site-files.ts';
import { r2Reader } from './r2-reader.ts';
import type { R2Bucket } from './r2-reader.ts';

/*
 * The registry as a Cloudflare Worker over a store in R2. It depends on no site, and needs no deployment for a new release.
 */

interface Environment {
  readonly STORE: R2Bucket;
  /** Of the keys: '' or with a slash at its end. */
  readonly PREFIX: string;
}

// oxlint-disable-next-line no-console -- the Worker's log
const log: Log = (line) => console.error(line);

let handler: ((request: Request) => Promise<Response>) | undefined;

export default {
  async fetch(request: Request, { STORE, PREFIX }: Environment): Promise<Response> {
    handler ??= storeHandler(r2Reader(STORE, PREFIX), log);
    return await handler(request);
  },
};
