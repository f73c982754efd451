import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { splitTarget } from '../../src/core/path.ts';
import { respond } from '../../src/core/respond.ts';
import { fetchHandler } from '../../src/hosts/fetch/handler.ts';
import { folderFiles } from '../../src/hosts/fetch/folder-files.ts';
import type { StoreReader } from '../../src/hosts/fetch/store-files.ts';
import { storeHandler } from '../../src/hosts/fetch/store-handler.ts';
import { openStore } from '../../src/publish/open-store.ts';
import { publishSite } from '../../src/publish/publish.ts';
import { siteServer } from '../../src/hosts/node/http.ts';
import { folderReader } from '../../src/hosts/node/folder-reader.ts';
import { nodeFolderFiles, nodeStoreFiles } from '../../src/hosts/node/node-files.ts';
import type { NodeFiles } from '../../src/hosts/node/node-files.ts';
import { nodeSite } from '../../src/hosts/node/server.ts';
import type { Answer } from '../../src/core/response.ts';
import type { Columns } from '../../src/core/columns.ts';
import { toByteString } from '../../src/tree/text.ts';
import type { Response } from './compare.ts';

/** A way to serve a built site; the contract is asked of every one. */
export interface Implementation {
  readonly name: string;
  start(folder: string): Promise<Running>;
}

export interface Running {
  ask(method: string, target: string, headers: Readonly<Record<string, string>>): Promise<Response>;
  stop(): Promise<void>;
}

/** The edge core called as a function, without a network. */
export const coreInMemory: Implementation = {
  name: 'the core in memory',
  start: async (folder) => {
    const names = JSON.parse(readFileSync(join(folder, '_registry/index.json'), 'utf8')) as Record<string, string>;
    const columns = JSON.parse(readFileSync(join(folder, '_registry', names['columns'] ?? ''), 'utf8')) as Columns;
    const rows = readFileSync(join(folder, '_registry', names['rows'] ?? ''));
    return {
      ask: async (method, target, headers) => {
        const request = {
          method,
          ...splitTarget(toByteString(target)),
          range: headers['Range'],
          ifRange: headers['If-Range'],
          ifNoneMatch: headers['If-None-Match'],
          ifMatch: headers['If-Match'],
          ifUnmodifiedSince: headers['If-Unmodified-Since'],
          changed: statSync(join(folder, '_registry/index.json')).ctimeMs / 1000,
        };
        const first = respond(request, columns);
        const result = first.kind === 'lookup' ? first.answer(readText(join(folder, first.path))) : first;
        return { status: result.status, headers: headersOf(result), body: bodyOf(result, { folder, rows }) };
      },
      stop: async () => undefined,
    };
  },
};

/** `epr-static serve`: the same core behind Node's HTTP server. */
export const serve: Implementation = {
  name: 'serve',
  start: (folder) => startNode(nodeFolderFiles(folder)),
};

/** `epr-static serve --store`: the same over a store to which the site was published. */
export const serveOverStore: Implementation = {
  name: 'serve over a store',
  start: async (folder) => {
    const { url, remove } = await published(folder);
    const running = await serveOverReader(folderReader(url));
    return { ...running, stop: () => running.stop().finally(remove) };
  },
};

/** `epr-static serve --store` over a store that is there already. */
export async function serveOverReader(store: StoreReader): Promise<Running> {
  return await startNode(nodeStoreFiles(store, fail));
}

async function startNode(files: NodeFiles): Promise<Running> {
  const server = siteServer(nodeSite(files, fail));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const client = httpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    ask: client.ask,
    stop: async () => {
      client.close();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Publishes a site to a new store, a folder. */
export async function published(folder: string): Promise<{ readonly url: string; remove(): void }> {
  const url = mkdtempSync(join(tmpdir(), 'epr-static-store-'));
  const store = await openStore(url, {}, () => undefined);
  await publishSite({ folder, store, check: false, dryRun: false, onProgress: () => undefined });
  return { url, remove: () => rmSync(url, { recursive: true, force: true }) };
}

/** The handler for hosts of the Fetch standard over a folder, called as a function. A `Request` holds targets as `URL` writes them. */
export const fetchOverFolder: Implementation = {
  name: 'the fetch handler over a folder',
  start: (folder) => Promise.resolve(askedBy(fetchHandler(folderFiles(folder), fail))),
};

/** The handler for these hosts over a store to which the site was published. */
export const fetchOverStore: Implementation = {
  name: 'the fetch handler over a store',
  start: async (folder) => {
    const { url, remove } = await published(folder);
    return { ...askedBy(storeHandler(folderReader(url), fail)), stop: () => Promise.resolve(remove()) };
  },
};

function fail(line: string): never {
  throw new Error(line);
}

function askedBy(handler: ReturnType<typeof fetchHandler>): Running {
  return {
    ask: async (method, target, headers) => {
      const url = target.startsWith('/') ? `http://localhost${target}` : target;
      const response = await handler(new Request(url, { method, headers }));
      const own = Object.fromEntries(response.headers);
      return { status: response.status, headers: own, body: Buffer.from(await response.arrayBuffer()) };
    },
    stop: () => Promise.resolve(),
  };
}

/** Asks a running server, the target written as it is into the request line. */
export function httpClient(base: string): { ask: Running['ask']; close(): void } {
  const { hostname, port } = new URL(base);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const ask: Running['ask'] = (method, target, headers) =>
    new Promise((resolve, reject) => {
      const path = Buffer.from(target).toString('latin1');
      const request = http.request({ hostname, port, method, path, headers, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string>,
            body: Buffer.concat(chunks),
          }),
        );
      });
      request.on('error', reject);
      request.end();
    });
  return { ask, close: () => agent.destroy() };
}

function headersOf(result: Answer): Record<string, string> {
  return Object.fromEntries(result.headers.map(([name, value]) => [name.toLowerCase(), value]));
}

function bodyOf({ body }: Answer, { folder, rows }: { folder: string; rows: Buffer }): Buffer {
  if (!body) return Buffer.alloc(0);
  if (body.kind === 'text') return Buffer.from(body.text, 'latin1');
  if (body.kind === 'pieces')
    return Buffer.concat(
      body.pieces.map((piece) =>
        typeof piece === 'string' ? Buffer.from(piece, 'latin1') : rows.subarray(piece.start, piece.end),
      ),
    );
  const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(body.path, 'latin1')]);
  return readFileSync(path).subarray(body.start, body.end);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
