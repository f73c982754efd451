import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { GetObjectCommandInput, GetObjectCommandOutput, S3ClientConfig } from '@aws-sdk/client-s3';
import { Stop } from '../errors.ts';
import type { LargeObjects } from '../hosts/fetch/store-files.ts';
import { streamDigest } from '../hosts/node/folder-reader.ts';
import { POINTER } from '../tree/store-form.ts';
import { hushNodeWarning } from './sdk.ts';
import { noTraffic } from './store.ts';
import type { Listed, Sent, Store } from './store.ts';

/**
 * A store in a bucket, below a prefix. Credentials and region come from where the AWS command line finds them. Each request is tried a few
 * times. The constructor throws a `Stop` where the URL names no bucket; the functions, where the store refuses a request or doesn't answer.
 */
export class S3Store implements Store {
  readonly url: string;
  readonly traffic = noTraffic();
  /** How readers get large objects. */
  readonly large: LargeObjects = {
    open: async (key, part) => {
      const range = part && { Range: `bytes=${part.start}-${part.end - 1}`, IfMatch: part.tag };
      const found = await this.ask(key, range ?? {});
      return found?.Body && { tag: found.ETag ?? '', stream: found.Body.transformToWebStream() };
    },
    digest: streamDigest,
  };
  private readonly bucket: string;
  /** '' or with a slash at its end. */
  private readonly prefix: string;
  private readonly endpoint: string | undefined;
  private readonly client: S3Client;
  /** What the last answer said of the time, and when that was by this machine's count. */
  private clock: { readonly time: number; readonly at: number } | undefined;

  constructor(url: string, endpoint: string | undefined) {
    const [, bucket, path = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(url) ?? [];
    if (bucket === undefined) throw new Stop('usage', `${url} names no bucket`, 'write it as s3://BUCKET/PREFIX');
    this.url = url;
    this.bucket = bucket;
    this.prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
    this.endpoint = endpoint;
    hushNodeWarning();
    this.client = new S3Client(settings(endpoint));
    this.client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const time = Date.parse(headerOf(result.response, 'date') ?? '');
        if (!Number.isNaN(time)) this.clock = { time, at: performance.now() };
        return result;
      },
      { step: 'deserialize', name: 'storeClock', priority: 'low' },
    );
  }

  async read(key: string): Promise<{ bytes: Buffer; tag: string } | undefined> {
    return await this.get(key);
  }

  async range(key: string, start: number, end: number): Promise<Buffer | undefined> {
    if (start === end) return Buffer.alloc(0);
    return (await this.get(key, `bytes=${start}-${end - 1}`))?.bytes;
  }

  async put(object: Sent, { replace = false }: { readonly replace?: boolean } = {}): Promise<boolean> {
    return await this.send(object, replace ? {} : { IfNoneMatch: '*' });
  }

  async swap(object: Sent, tag: string | undefined): Promise<boolean> {
    return await this.send(object, tag === undefined ? { IfNoneMatch: '*' } : { IfMatch: tag });
  }

  async *list(prefix: string): AsyncGenerator<Listed> {
    const own = this.own({ Prefix: this.prefix + prefix });
    let token: string | undefined;
    do {
      this.traffic.lists++;
      const command = new ListObjectsV2Command({ ...own, ContinuationToken: token });
      const { Contents = [], NextContinuationToken } = await this.asked('the list', () => this.client.send(command));
      for (const { Key = '', Size = 0, LastModified } of Contents)
        yield { key: Key.slice(this.prefix.length), size: Size, changed: LastModified?.getTime() ?? 0 };
      token = NextContinuationToken;
    } while (token !== undefined);
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let i = 0; i < keys.length; i += MOST_REMOVED) {
      this.traffic.deletes++;
      const Objects = keys.slice(i, i + MOST_REMOVED).map((key) => ({ Key: this.prefix + key }));
      const command = new DeleteObjectsCommand(this.own({ Delete: { Objects, Quiet: true } }));
      const { Errors = [] } = await this.asked('removing', () => this.client.send(command));
      const [first] = Errors;
      if (!first) continue;
      const problem = `${first.Key} in ${this.url} can't be removed: ${first.Message}`;
      throw new Stop('store-failed', problem, 'give the credentials the right to delete objects below the prefix');
    }
  }

  async now(): Promise<number> {
    if (!this.clock) await this.get(POINTER);
    return this.clock ? this.clock.time + (performance.now() - this.clock.at) : Date.now();
  }

  private own<T>(input: T): T & { Bucket: string } {
    return { ...input, Bucket: this.bucket };
  }

  private async get(key: string, range?: string): Promise<{ bytes: Buffer; tag: string } | undefined> {
    const found = await this.ask(key, range === undefined ? {} : { Range: range });
    if (!found?.Body) return undefined;
    const { Body: body, ETag: tag = '' } = found;
    return await this.asked(key, async () => ({ bytes: Buffer.from(await body.transformToByteArray()), tag }));
  }

  /** An object, or a part of it, whose bytes have yet to arrive; undefined where there is none. */
  private async ask(
    key: string,
    how: Pick<GetObjectCommandInput, 'Range' | 'IfMatch'>,
  ): Promise<GetObjectCommandOutput | undefined> {
    this.traffic.gets++;
    const command = new GetObjectCommand(this.own({ Key: this.prefix + key, ...how }));
    return await this.asked(key, async () => await unless(isAbsent, () => this.client.send(command)));
  }

  /** False where the condition isn't met. */
  private async send({ key, bytes, type, cache }: Sent, condition: Condition): Promise<boolean> {
    const object = { Key: this.prefix + key, Body: bytes, ContentType: type, CacheControl: cache };
    const command = new PutObjectCommand(this.own({ ...object, ...condition }));
    this.traffic.puts++;
    this.traffic.sent += bytes.length;
    return await this.asked(key, async () => (await unless(isOther, () => this.client.send(command))) !== undefined);
  }

  private async asked<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw failure(error, `${what} in ${this.url}`, this.endpoint);
    }
  }
}

type Condition = { readonly IfNoneMatch?: string; readonly IfMatch?: string };

/** Of one request. */
const MOST_REMOVED = 1000;

function settings(endpoint: string | undefined): S3ClientConfig {
  const region = process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  return {
    maxAttempts: 6,
    // Objects are signed with their SHA-256. Further checksums are not known everywhere.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 120_000, throwOnRequestTimeout: true },
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true, region: region ?? 'us-east-1' }),
  };
}

function isAbsent(error: S3ServiceException): boolean {
  return error.name === 'NoSuchKey' || (error.$metadata.httpStatusCode === 404 && error.name !== 'NoSuchBucket');
}

/** Another object lies there, or is just being put there. */
function isOther(error: S3ServiceException): boolean {
  return [409, 412].includes(error.$metadata.httpStatusCode ?? 0);
}

async function unless<T>(
  isExpected: (error: S3ServiceException) => boolean,
  request: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof S3ServiceException && isExpected(error)) return undefined;
    throw error;
  }
}

function failure(error: unknown, what: string, endpoint: string | undefined): unknown {
  if (error instanceof Stop || !(error instanceof Error)) return error;
  const reason = error instanceof S3ServiceException ? `${error.name}: ${error.message}` : error.message;
  const hint = HINTS.find(([name]) => name.test(error.name))?.[1] ?? 'run it again: it goes on where it ended';
  const where = endpoint === undefined ? '' : ` at ${endpoint}`;
  return new Stop('store-failed', `${what}${where}: ${reason || error.name}`, hint, error);
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/Credential|AccessKey|Signature|Token/, 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'],
  [/AccessDenied/, 'the credentials need to read, write, list and delete below the prefix'],
  [/NoSuchBucket/, 'make the bucket first'],
];

function headerOf(response: unknown, name: string): string | undefined {
  const headers = (response as { headers?: Record<string, string> } | undefined)?.headers;
  return headers?.[name];
}
