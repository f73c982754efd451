import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { readerPath } from '../../src/hosts/hosts.ts';
import type { FunctionUrlAnswer, FunctionUrlEvent } from '../../src/hosts/lambda/lambda.ts';
import { httpClient } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';

/* Hosts whose programs answer from a store, over a store in a folder that is copied to where they read. */

export interface R2Kit {
  readonly Miniflare: new (options: object) => {
    readonly ready: Promise<URL>;
    getR2Bucket(binding: string): Promise<{ put(key: string, bytes: ArrayBuffer): Promise<unknown> }>;
    dispose(): Promise<void>;
  };
}

export interface RunningOverStore extends Running {
  /** Copies a store in a folder to where the host reads: first what is new of it or `changed`, then the pointer. */
  fill(folder: string, changed?: string): Promise<void>;
}

const POINTER = 'current.json';

/** Puts the objects of a folder, and the pointer last. */
export function filling(
  put: (key: string, bytes: Buffer) => Promise<unknown>,
): (folder: string, changed?: string) => Promise<void> {
  const sent = new Set<string>();
  return async (folder, changed) => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const keys = files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
    const wanted = keys.filter((key) => key !== POINTER && (key === changed || !sent.has(key)));
    for (const key of [...wanted, POINTER]) {
      await put(key, readFileSync(join(folder, key)));
      sent.add(key);
    }
  };
}

/** The Worker that `reader cloudflare` has written to a folder, over a bucket of R2. */
export async function startR2Worker({ Miniflare }: R2Kit, folder: string): Promise<RunningOverStore> {
  const config = JSON.parse(readFileSync(join(folder, 'wrangler.jsonc'), 'utf8').replace(/^\/\/.*\n/, '')) as {
    main: string;
    compatibility_date: string;
    r2_buckets: { binding: string; bucket_name: string }[];
    vars: Record<string, string>;
  };
  const [{ binding, bucket_name: bucket } = { binding: '', bucket_name: '' }] = config.r2_buckets;
  const worker = new Miniflare({
    host: '127.0.0.1',
    modules: true,
    modulesRoot: folder,
    scriptPath: join(folder, config.main),
    compatibilityDate: config.compatibility_date,
    r2Buckets: { [binding]: bucket },
    bindings: config.vars,
  });
  const client = httpClient(String(await worker.ready));
  const r2 = await worker.getR2Bucket(binding);
  return {
    ask: client.ask,
    fill: filling((key, bytes) => r2.put(String(config.vars['PREFIX']) + key, new Uint8Array(bytes).buffer)),
    stop: async () => {
      client.close();
      await worker.dispose();
    },
  };
}

/** The stream that Lambda gives a function: its head is sent with the first write. */
class ResponseStream extends Writable {
  head: Pick<FunctionUrlAnswer, 'statusCode' | 'headers'> | undefined;
  isBegun = false;
  readonly chunks: Buffer[] = [];

  override write(...args: [chunk: unknown]): boolean {
    this.isBegun = true;
    return super.write(...args);
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
}

interface LambdaModule {
  handler(event: FunctionUrlEvent, stream: Writable): Promise<void>;
  buffered(event: FunctionUrlEvent): Promise<FunctionUrlAnswer>;
}

/** The function of `reader lambda` in one of its two modes, loaded anew. */
export async function startLambda(
  mode: 'streamed' | 'buffered',
  environment: Readonly<Record<string, string>>,
): Promise<Running> {
  Object.assign(process.env, environment);
  Object.assign(globalThis, { awslambda: runtime });
  loaded++;
  const file = `${pathToFileURL(readerPath('lambda') ?? '').href}?${loaded}`;
  const { handler, buffered } = (await import(file)) as LambdaModule;
  const streamed = async (event: FunctionUrlEvent): Promise<FunctionUrlAnswer> => {
    const stream = new ResponseStream();
    await handler(event, stream);
    if (!stream.head || !stream.isBegun) throw new Error('the head of the answer was not sent');
    return { ...stream.head, body: Buffer.concat(stream.chunks).toString('base64'), isBase64Encoded: true };
  };
  return {
    ask: async (method, target, headers) => {
      const answered = await (mode === 'streamed' ? streamed : buffered)(eventOf(method, target, headers));
      return { status: answered.statusCode, headers: answered.headers, body: Buffer.from(answered.body, 'base64') };
    },
    stop: () => Promise.resolve(),
  };
}

let loaded = 0;

const runtime = {
  streamifyResponse: (answer: unknown) => answer,
  HttpResponseStream: {
    from: (stream: ResponseStream, head: ResponseStream['head']): Writable => Object.assign(stream, { head }),
  },
};

function eventOf(method: string, target: string, headers: Readonly<Record<string, string>>): FunctionUrlEvent {
  const [path = '', ...query] = target.split('?');
  return {
    rawPath: path,
    rawQueryString: query.join('?'),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    requestContext: { http: { method } },
  };
}
