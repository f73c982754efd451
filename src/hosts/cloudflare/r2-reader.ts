import type { LargeObjects, ObjectPart, StoreReader } from '../fetch/store-files.ts';

/*
 * A store in a bucket of R2, as a Worker reads it by a binding:
 * https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
 */

/** What is used of a binding. */
export interface R2Bucket {
  get(key: string, options?: R2GetOptions): Promise<R2Object | null>;
}

interface R2GetOptions {
  readonly range?: { readonly offset: number; readonly length: number };
  readonly onlyIf?: { readonly etagMatches: string };
}

interface R2Object {
  readonly etag: string;
  /** Missing where the condition isn't met. */
  readonly body?: ReadableStream<Uint8Array>;
}

/** Classes of workerd. A fixed stream has a `Content-Length`; it fails if the bytes are not as many as announced. */
declare const FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
interface WorkerdCrypto {
  readonly DigestStream: new (
    algorithm: 'SHA-256',
  ) => WritableStream<Uint8Array> & { readonly digest: Promise<ArrayBuffer> };
}

/** The store whose keys begin with `prefix`, which is '' or ends with a slash. */
export function r2Reader(bucket: R2Bucket, prefix: string): StoreReader {
  const bytesOf = async (key: string, options?: R2GetOptions): Promise<Uint8Array | undefined> => {
    const found = await bucket.get(prefix + key, options);
    return found?.body && new Uint8Array(await new Response(found.body).arrayBuffer());
  };
  return {
    read: async (key) => {
      const bytes = await bytesOf(key);
      return bytes && { bytes };
    },
    range: async (key, start, end) => await bytesOf(key, { range: { offset: start, length: end - start } }),
    large: { open: async (key, part) => await openObject(bucket, prefix + key, part), digest },
  };
}

async function openObject(
  bucket: R2Bucket,
  key: string,
  part: ObjectPart | undefined,
): ReturnType<LargeObjects['open']> {
  const length = part && part.end - part.start;
  const found = await bucket.get(
    key,
    part && { range: { offset: part.start, length: part.end - part.start }, onlyIf: { etagMatches: part.tag } },
  );
  if (!found) return undefined;
  if (!found.body) throw new Error('it is another one than before');
  const stream = length === undefined ? found.body : found.body.pipeThrough(new FixedLengthStream(length));
  return { tag: found.etag, stream };
}

const digest: LargeObjects['digest'] = async (stream) => {
  const target = new (crypto as unknown as WorkerdCrypto).DigestStream('SHA-256');
  await stream.pipeTo(target);
  return Array.from(new Uint8Array(await target.digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
};
