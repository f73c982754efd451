import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { writeReader } from '../../src/commands/reader/run.ts';
import type { StoreReader } from '../../src/hosts/fetch/store-files.ts';
import { readerPath } from '../../src/hosts/hosts.ts';
import type { FunctionUrlAnswer, FunctionUrlEvent } from '../../src/hosts/lambda/lambda.ts';
import { siteServer } from '../../src/hosts/node/http.ts';
import { nodeStoreFiles } from '../../src/hosts/node/node-files.ts';
import { nodeSite } from '../../src/hosts/node/server.ts';
import { openStore } from '../../src/publish/open-store.ts';
import { httpClient } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';
import { BUCKET } from '../support/versitygw.ts';
import type { ObjectStore } from '../support/versitygw.ts';
import { startNginx } from './nginx-host.ts';
import type { RunningNginx } from './nginx-host.ts';

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
function filling(
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

/** The Worker that `reader cloudflare` writes to a folder, over a bucket of R2. */
export async function startR2Worker({ Miniflare }: R2Kit, out: string): Promise<RunningOverStore> {
  const { folder } = await writeReader({ host: 'cloudflare', at: 's3://packages/some/cases', out });
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

export type LambdaMode = 'streamed' | 'buffered';

/** The function of `reader lambda` over a prefix of a bucket. */
export async function startS3Function(
  { endpoint, env }: ObjectStore,
  mode: LambdaMode,
  prefix: string,
): Promise<RunningOverStore> {
  const url = `s3://${BUCKET}/${prefix}`;
  Object.assign(process.env, env);
  const store = await openStore(url, { endpoint }, () => undefined);
  const running = await startLambda(mode, { STORE: url, ENDPOINT: endpoint, ...env });
  return {
    ...running,
    fill: filling((key, bytes) => store.put({ key, bytes, type: '', cache: '' }, { replace: true })),
  };
}

/** The function of `reader lambda` in one of its two modes, loaded anew. */
async function startLambda(mode: LambdaMode, environment: Readonly<Record<string, string>>): Promise<Running> {
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

/** nginx as `reader nginx` writes it to a folder, in front of `serve --store`. The server logs what it can't read. */
export async function startNginxOverStore(
  store: StoreReader,
  out: string,
  log: (line: string) => void,
): Promise<RunningNginx> {
  const server = siteServer(nodeSite(nodeStoreFiles(store, log), log));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { folder } = await writeReader({ host: 'nginx', at: '/srv/store/cases', out });
  const conf = join(folder, 'nginx.conf');
  const text = readFileSync(conf, 'utf8')
    .replace('127.0.0.1:8080;', `127.0.0.1:${(server.address() as AddressInfo).port};`)
    .replace('/var/cache/nginx/', `${out}.`);
  writeFileSync(conf, text);
  const nginx = await startNginx(folder);
  return {
    ...nginx,
    stop: async () => {
      await nginx.stop();
      server.closeAllConnections();
      server.close();
    },
  };
}
