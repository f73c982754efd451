import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { made } from './zip-bytes.ts';

/* A registry on this machine that answers as a test wants: rightly, or in any wrong way. */

/** A request that came. */
export interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface Upstream {
  readonly url: string;
  readonly server: Server;
  /** Summaries. */
  list: unknown[];
  /** What lies at a path. */
  readonly files: Map<string, Uint8Array>;
  /** The answers to the next requests for a path, in place of what lies there; the last one stays if it is said so. */
  readonly answers: Map<string, Answer[]>;
  readonly seen: Seen[];
  /** The paths that were asked for, in alphabetical order. */
  paths(): string[];
  /** Lists a package, and has its zip, and its signature if there is one. */
  add(name: string, version: string, more?: { zip?: Uint8Array; signature?: string; summary?: object }): void;
  /** Answers a path wrongly, once or so many times. */
  once(path: string, ...answers: Answer[]): void;
  always(path: string, answer: Answer): void;
  close(): Promise<void>;
}

export const LIST = '/search?all=true&prerelease=true';

/**
 * Starts a registry without packages. `tls` has its key and certificate, `prefix` is a path below which it lies, and `address` is where it
 * listens.
 */
export async function startUpstream({
  tls,
  prefix = '',
  address = '127.0.0.1',
}: {
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
  readonly prefix?: string;
  readonly address?: string;
} = {}): Promise<Upstream> {
  const files = new Map<string, Uint8Array>();
  const answers = new Map<string, Answer[]>();
  const seen: Seen[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '').slice(prefix.length);
    seen.push({ path, headers: request.headers });
    const special = answers.get(path) ?? [];
    const next = special.length > 1 || !always.has(path) ? special.shift() : special[0];
    if (next) next(response, request);
    else if (path === LIST) sendJson(response, upstream.list);
    else send(response, files.get(path));
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  const always = new Set<string>();
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  onTestFinished(close);
  const upstream: Upstream = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    server,
    list: [],
    files,
    answers,
    seen,
    close,
    paths: () => seen.map(({ path }) => path).sort(),
    once: (path, ...some) => void answers.set(path, [...(answers.get(path) ?? []), ...some]),
    always: (path, answer) => {
      always.add(path);
      answers.set(path, [answer]);
    },
    add: (name, version, { zip = packageZip(name, version), signature, summary = {} } = {}) => {
      const path = zipAt(name, version);
      upstream.list.push({
        name,
        version,
        download: path,
        ...(signature && { signature_path: `${path}.sig` }),
        ...summary,
      });
      files.set(path, zip);
      if (signature !== undefined) files.set(`${path}.sig`, Buffer.from(signature));
    },
  };
  return upstream;
}

export function zipAt(name: string, version: string): string {
  return `/epr/${name}/${name}-${version}.zip`;
}

/** The zip of a small package; `content` makes it differ from others. */
export function packageZip(name: string, version: string, content = `# ${name}\n`): Buffer {
  const manifest = `format_version: 3.0.0\nname: ${name}\nversion: ${version}\ntitle: ${name}\ndescription: A package.\n`;
  const top = `${name}-${version}`;
  return made([
    { name: `${top}/manifest.yml`, content: Buffer.from(manifest) },
    { name: `${top}/docs/README.md`, content: Buffer.from(content) },
  ]);
}

export function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function send(response: ServerResponse, bytes: Uint8Array | undefined): void {
  if (bytes) response.writeHead(200, { 'content-type': 'application/zip', 'content-length': bytes.length }).end(bytes);
  else response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>');
}

export function status(code: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(code, headers).end('no');
}

export function redirect(location: string, code = 302): Answer {
  return (response) => response.writeHead(code, { location }).end();
}
