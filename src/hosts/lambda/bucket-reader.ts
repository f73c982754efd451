import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import type { StoreReader } from '../fetch/store-files.ts';
import { bucketOf } from '../reader.ts';

/*
 * A store in a bucket, read by signed requests. aws4fetch makes a program of some 60 kB; the SDK would make it ten times as large.
 */

/** Where a store is, and who asks. */
export interface BucketOptions {
  /** `s3://bucket/prefix` */
  readonly store: string;
  /** The address of an object store that isn't AWS. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** Throws an Error where the URL names no bucket. */
export function bucketReader({ store, endpoint, ...credentials }: BucketOptions): StoreReader {
  const client = new AwsClient({ ...withoutAbsent(credentials), service: 's3', retries: RETRIES });
  const base = addressOf(store, { endpoint, region: credentials.region });
  const ask = async (key: string, headers: Record<string, string>): Promise<Response | undefined> => {
    const response = await client.fetch(base + key, { headers, signal: AbortSignal.timeout(TIMEOUT) });
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    throw new Error(`the object store answers ${response.status}`);
  };
  const bytesOf = async (key: string, headers: Record<string, string>): Promise<Uint8Array | undefined> => {
    const response = await ask(key, headers);
    return response && new Uint8Array(await response.arrayBuffer());
  };
  return {
    read: async (key) => {
      const bytes = await bytesOf(key, {});
      return bytes && { bytes };
    },
    range: async (key, start, end) => await bytesOf(key, { Range: `bytes=${start}-${end - 1}` }),
    large: {
      open: async (key, part) => {
        const range = part && { Range: `bytes=${part.start}-${part.end - 1}`, 'If-Match': part.tag };
        const response = await ask(key, range ?? {});
        return response?.body ? { tag: response.headers.get('etag') ?? '', stream: response.body } : undefined;
      },
      digest: async (stream) => {
        const hash = createHash('sha256');
        for await (const bytes of stream) hash.update(bytes);
        return hash.digest('hex');
      },
    },
  };
}

/** Of a request that fails with 429 or 500 and above. */
const RETRIES = 3;
/** Milliseconds, with the body. */
const TIMEOUT = 60_000;

function addressOf(store: string, { endpoint, region }: Pick<BucketOptions, 'endpoint' | 'region'>): string {
  const bucket = bucketOf(store);
  if (!bucket) throw new Error(`STORE is ${JSON.stringify(store)}: write it as s3://BUCKET/PREFIX`);
  const { name, prefix } = bucket;
  const hosted = `https://${name}.s3.${region}.amazonaws.com`;
  // A certificate of AWS doesn't hold for a bucket with a dot in its name.
  const own = name.includes('.') ? `https://s3.${region}.amazonaws.com/${name}` : hosted;
  const host = endpoint === undefined ? own : `${endpoint.replace(/\/$/, '')}/${name}`;
  return `${host}/${prefix.split('/').map(encodeURIComponent).join('/')}`;
}

function withoutAbsent({ sessionToken, ...rest }: Omit<BucketOptions, 'store' | 'endpoint'>) {
  return sessionToken === undefined ? rest : { ...rest, sessionToken };
}
