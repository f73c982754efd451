import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { errorCode } from '../errors.ts';
import type { Pace } from './mirroring.ts';
import { AttemptError } from './network-errors.ts';
import type { Address } from './address.ts';
import { Refusal } from './refusal.ts';

/* One attempt to get one body: the request, its redirects, and the checks of what comes. */

/** What is asked for. */
export interface Asked {
  /** Below the address of the registry, without a slash at its beginning. */
  readonly path: string;
  /** A list is JSON; anything else must be neither JSON nor HTML, as pages of errors are. */
  readonly kind: 'list' | 'file';
  /** Bytes, packed and unpacked. */
  readonly limit: number;
  /** What is larger; the end of a sentence. */
  readonly excess: string;
}

/** How requests are sent. */
export interface Line extends Pick<Pace, 'headersTimeout' | 'idleTimeout' | 'bodyTimeout'> {
  readonly address: Address;
  readonly dispatcher: Dispatcher;
  onRequest(): void;
  onBytes(count: number): void;
}

/** Sends a request, follows redirects, and gives the whole body. Throws a `Refusal`, or the error of the network. */
export async function exchange(asked: Asked, line: Line): Promise<Buffer> {
  const signal = AbortSignal.timeout(line.bodyTimeout);
  let url = new URL(`${line.address.shown}/${asked.path}`);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await ask(url, asked, { line, signal });
    const next = redirectOf(answer, url);
    if (next === undefined) return await bodyOf(answer, asked, line);
    discard(answer);
    url = next;
  }
  throw new Refusal(`redirects more than ${MOST_REDIRECTS} times`);
}

const MOST_REDIRECTS = 5;

/** Credentials go to the registry's own origin, also on the way back from another one. */
async function ask(
  url: URL,
  { kind }: Asked,
  { line, signal }: { readonly line: Line; readonly signal: AbortSignal },
): Promise<Dispatcher.ResponseData> {
  const { address, dispatcher } = line;
  const isOwn = url.origin === address.origin && address.authorization !== undefined;
  line.onRequest();
  return await dispatcher.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: 'GET',
    headers: {
      'user-agent': 'epr-static',
      accept: kind === 'list' ? 'application/json' : '*/*',
      'accept-encoding': kind === 'list' ? 'gzip' : 'identity',
      ...(isOwn && { authorization: address.authorization }),
    },
    signal,
    headersTimeout: line.headersTimeout,
    bodyTimeout: line.idleTimeout,
  });
}

/** Where an answer sends the request; undefined if it is no redirect. */
function redirectOf({ statusCode, headers }: Dispatcher.ResponseData, url: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode)) return undefined;
  const location = headerOf(headers, 'location');
  if (!URL.canParse(location, url)) throw new Refusal(`answers ${statusCode} without a place to go to`);
  const next = new URL(location, url);
  if (next.protocol !== 'https:' && (next.protocol !== 'http:' || url.protocol === 'https:'))
    throw new Refusal(`redirects from ${url.protocol.slice(0, -1)} to ${next.protocol.slice(0, -1)}`);
  return next;
}

async function bodyOf(answer: Dispatcher.ResponseData, asked: Asked, line: Line): Promise<Buffer> {
  try {
    checkHead(answer, asked);
    const bytes = await collect(answer, asked, line);
    return headerOf(answer.headers, 'content-encoding') === 'gzip' ? await unpack(bytes, asked) : bytes;
  } finally {
    discard(answer);
  }
}

function checkHead({ statusCode, headers }: Dispatcher.ResponseData, { kind, limit, excess }: Asked): void {
  if (statusCode !== 200) {
    const isPassing = statusCode >= 500 || [408, 425, 429].includes(statusCode);
    throw new AttemptError(`answers ${statusCode}`, { isPassing, wait: waitOf(headerOf(headers, 'retry-after')) });
  }
  const [type = ''] = headerOf(headers, 'content-type').toLowerCase().split(';', 1);
  const isJson = /^application\/(?:\w+\+)?json$/.test(type.trim());
  if (kind === 'list' ? type !== '' && !isJson : isJson || type.trim() === 'text/html')
    throw new Refusal(`sends ${JSON.stringify(type.slice(0, 100))}, which is not what was asked for`);
  const coding = headerOf(headers, 'content-encoding');
  if (!['', 'identity', 'gzip'].includes(coding))
    throw new Refusal(`sends a coding that was not asked for: ${JSON.stringify(coding.slice(0, 100))}`);
  if (Number(headerOf(headers, 'content-length')) > limit) throw new Refusal(excess, { code: 'limit' });
}

async function collect({ body }: Dispatcher.ResponseData, { limit, excess }: Asked, line: Line): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    line.onBytes(chunk.length);
    if (size > limit) throw new Refusal(excess, { code: 'limit' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function unpack(bytes: Buffer, { limit, excess }: Asked): Promise<Buffer> {
  try {
    return await promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)(bytes, { maxOutputLength: limit });
  } catch (error) {
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE') throw new Refusal(excess, { code: 'limit' });
    throw new Refusal(`sends what is no whole gzip (${errorCode(error)})`);
  }
}

/** Ends an answer, however much of it is still to come. */
function discard({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => undefined); // nobody waits for the rest
  body.destroy();
}

/** The first value of a header; '' if there is none. */
function headerOf(headers: Dispatcher.ResponseData['headers'], name: string): string {
  const value = headers[name] ?? '';
  return typeof value === 'string' ? value : (value[0] ?? '');
}

/** The milliseconds of a `Retry-After`: a number of seconds, or a date (RFC 9110, 10.2.3). 0 of anything else. */
export function waitOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  return Math.max(0, (Date.parse(text) || 0) - Date.now());
}
