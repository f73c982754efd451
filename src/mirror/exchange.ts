import type { Dispatcher } from 'undici';
import { bodyOf } from './body.ts';
import type { Expected, Flow } from './body.ts';
import type { Address } from './address.ts';
import type { Pace } from './mirroring.ts';
import { asRefusal, AttemptError } from './network-errors.ts';
import { Refusal, spoiled } from './refusal.ts';

/* One attempt to get one body: the request, its redirects, and the checks of what comes. */

/** What is asked for. */
export interface Asked extends Expected {
  /** Below the address of the registry, without a slash at its beginning. */
  readonly path: string;
  /** A list is JSON; anything else must be neither JSON nor HTML, as pages of errors are. */
  readonly kind: 'list' | 'file';
}

/** How requests are sent. */
export interface Line extends Flow, Pick<Pace, 'headersTimeout' | 'bodyTimeout'> {
  readonly address: Address;
  readonly dispatcher: Dispatcher;
  /** The origins to which redirects have led. */
  readonly elsewhere: Set<string>;
  onRequest(): void;
}

/** Takes a body. What it throws of its own is thrown as it is. */
export type Read<T> = (body: AsyncIterable<Buffer>) => Promise<T>;

/** Sends a request, follows redirects, and has the body read. Throws a `Refusal`. */
export async function exchange<T>(asked: Asked, line: Line, read: Read<T>): Promise<T> {
  const signal = AbortSignal.timeout(line.bodyTimeout);
  let url = new URL(`${line.address.shown}/${asked.path}`);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await ask(url, asked, { line, signal });
    try {
      const next = redirectOf(answer, url);
      if (next === undefined) {
        checkHead(answer, asked);
        asked.watch?.onHead(lengthOf(answer));
        const isGzip = headerOf(answer.headers, 'content-encoding') === 'gzip';
        return await read(bodyOf({ packed: answer.body, isGzip }, asked, line));
      }
      url = next;
    } finally {
      discard(answer);
    }
    noteOrigin(url, line);
  }
  throw new Refusal(`redirects more than ${MOST_REDIRECTS} times`, { remedy: 'address' });
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
  const request = {
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
  } as const;
  return await dispatcher.request(request).catch((error: unknown) => {
    throw asRefusal(error);
  });
}

/** Where an answer sends the request; undefined if it is no redirect. */
function redirectOf({ statusCode, headers }: Dispatcher.ResponseData, url: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode)) return undefined;
  const location = headerOf(headers, 'location');
  if (location === '' || !URL.canParse(location, url))
    throw new Refusal(`answers ${statusCode} without a valid Location`, { remedy: 'address' });
  const next = new URL(location, url);
  if (next.protocol !== 'https:' && (next.protocol !== 'http:' || url.protocol === 'https:'))
    throw new Refusal(`redirects from ${url.protocol.slice(0, -1)} to ${next.protocol.slice(0, -1)}`, {
      remedy: 'address',
    });
  return next;
}

/** Each origin has connections of its own, which stay until the end. */
function noteOrigin({ origin }: URL, { address, elsewhere }: Line): void {
  if (origin !== address.origin) elsewhere.add(origin);
  if (elsewhere.size > MOST_ORIGINS) throw new Refusal(`redirects to more than ${MOST_ORIGINS} hosts`);
}

const MOST_ORIGINS = 100;

function checkHead({ statusCode, headers }: Dispatcher.ResponseData, { kind, limit, excess }: Asked): void {
  if (statusCode !== 200) throw statusRefusal(statusCode, headerOf(headers, 'retry-after'));
  const [type = ''] = headerOf(headers, 'content-type').toLowerCase().split(';', 1);
  const isJson = /^application\/(?:\w+\+)?json$/.test(type.trim());
  if (kind === 'list' ? type !== '' && !isJson : isJson || type.trim() === 'text/html')
    throw spoiled(`sends ${JSON.stringify(type.slice(0, 100))}, which is not what was asked for`);
  const coding = headerOf(headers, 'content-encoding');
  if (!['', 'identity', 'gzip'].includes(coding))
    throw spoiled(`sends a coding that was not asked for: ${JSON.stringify(coding.slice(0, 100))}`);
  if (Number(headerOf(headers, 'content-length')) > limit) throw new Refusal(excess, { code: 'limit' });
}

function statusRefusal(status: number, retryAfter: string): Refusal {
  const isPassing = status >= 500 || [408, 425, 429].includes(status);
  const remedy = [401, 403, 407].includes(status) ? 'login' : isPassing ? undefined : 'address';
  return new AttemptError(`answers ${status}`, { isPassing, wait: waitOf(retryAfter), remedy });
}

/** How many bytes a body is said to have; undefined if it isn't said. */
function lengthOf({ headers }: Dispatcher.ResponseData): number | undefined {
  const text = headerOf(headers, 'content-length');
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
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
