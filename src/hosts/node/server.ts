import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { splitTarget } from '../../core/path.ts';
import { respond } from '../../core/respond.ts';
import type { Request } from '../../core/respond.ts';
import { errorAnswer, UNREADABLE } from '../../core/response.ts';
import type { Answer, FileBody } from '../../core/response.ts';
import { withoutFile } from '../../core/without-file.ts';
import { asByteString } from '../../tree/byte-string.ts';
import { toBytes } from '../../tree/text.ts';
import { joinPieces } from '../fetch/index.ts';
import type { Index } from '../fetch/index.ts';
import { answerOf, lineOf, UnreadableFile } from '../fetch/site-files.ts';
import type { Log } from '../fetch/site-files.ts';
import { watchSite } from '../fetch/watch.ts';
import { boundedMemory } from './memory.ts';
import type { NodeFiles } from './node-files.ts';
import { errorCode } from '../../errors.ts';

/** A site that Node serves. */
export interface NodeSite {
  /** Answers one HTTP request, and returns the bytes of the body that it handed over. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<number>;
}

/** A site that can be told of a change. */
export interface ChangingSite extends NodeSite {
  /** Another site may have come: it is looked at when the next request comes, and not only after a second. */
  lookAgain(): void;
}

/**
 * Serves a site. It asks at most once a second whether another site has taken its place, and each answer is wholly of one build. If
 * a file exists and can't be read, or isn't the one that the site names, the answer is a 503, and the log names the file.
 */
export function nodeSite(
  files: NodeFiles,
  log: Log,
  { bodies = BODIES, amend = (_url, whole) => whole }: NodeSiteOptions = {},
): ChangingSite {
  const texts = boundedMemory<string | undefined>(TEXTS, (text) => text?.length ?? Infinity);
  const made = boundedMemory<Made>(bodies, ({ body, isKept }) =>
    isKept && body instanceof Uint8Array ? body.length : Infinity,
  );
  const watch = watchSite(files, log, () => {
    texts.clear();
    made.clear();
  });
  const site: Site = {
    files,
    text: (path) => texts.get(path, async () => decoded(await files.bytes(path))),
    made: (key, make) => made.get(key, make),
    amend,
    confirmAbsence: (index) => watch.confirmAbsence(index),
    confirm: (index) => watch.confirm(index),
  };
  return {
    lookAgain: () => watch.lookAgain(),
    handle: async (incoming, response) => {
      try {
        // Most requests; without a promise they take a tenth less CPU time.
        const kept = watch.isFresh() && isPlain(incoming) ? made.kept(incoming.url ?? '') : undefined;
        if (kept?.body instanceof Uint8Array) return send(kept, kept.body, response);
        return await watch.answer((index) => answer(site, { incoming, response, index }));
      } catch (error) {
        log(lineOf(error));
        if (!response.headersSent)
          return sendOwn(error instanceof UnreadableFile ? UNREADABLE : FAILED, undefined, response);
        response.destroy(error as Error);
        return 0;
      }
    },
  };
}

const FAILED = errorAnswer(500, 'internal error');

function hasClientLeft(error: unknown): boolean {
  return LEFT.has(errorCode(error));
}

const LEFT: ReadonlySet<string> = new Set([
  'ERR_STREAM_PREMATURE_CLOSE',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
]);

export interface NodeSiteOptions {
  /** Bytes of bodies kept in memory. */
  readonly bodies?: number;
  /** Changes the answer to a request for a whole, small file. The parameters are the target of the request, and the answer of a registry. */
  readonly amend?: (url: string, whole: Whole) => Whole;
}

/** Bytes of file lists kept in memory. */
const TEXTS = 32 * 2 ** 20;
/** Bytes of bodies kept in memory. */
const BODIES = 128 * 2 ** 20;
/** Files up to this size are read whole and kept; larger ones are streamed. */
const SMALL = 4 * 2 ** 20;

interface Site {
  readonly files: NodeFiles;
  /** A small file, from memory if it was asked for before. */
  text(path: string): Promise<string | undefined>;
  /** The result of `make`, from memory if the same was asked for before. */
  made(key: string, make: () => Promise<Made>): Promise<Made>;
  readonly amend: (url: string, whole: Whole) => Whole;
  confirmAbsence(index: Index | undefined): Promise<undefined>;
  confirm(index: Index | undefined): void;
}

/** An answer in the form for `writeHead` and `end`. */
interface Made {
  readonly status: number;
  /** Names and values by turns. */
  readonly headers: string[];
  /** A `FileBody` has yet to be streamed. */
  readonly body: Uint8Array | FileBody | undefined;
  /** Whether the same request gets the same answer as long as the index stays. */
  readonly isKept: boolean;
}

/** An answer with the bytes of its body. */
export interface Whole extends Made {
  readonly body: Uint8Array;
}

/** One request, with the index over which it is answered. */
interface Asked {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly index: Index | undefined;
}

async function answer(site: Site, { incoming, response, index }: Asked): Promise<number> {
  const request = toRequest(incoming, index);
  const make = (): Promise<Made> => makeAnswer(site, { request, url: incoming.url ?? '' }, index);
  const made = isPlain(incoming) ? await site.made(incoming.url ?? '', make) : await make();
  const { body } = made;
  if (body === undefined || body instanceof Uint8Array) return send(made, body, response);
  const sent = (await stream(site.files, { made, body }, response)) ?? (await site.confirmAbsence(index));
  return sent ?? sendOwn(withoutFile(request, index?.columns), index, response);
}

/** Whether the answer depends on the URL alone. */
function isPlain({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.range === undefined &&
    headers['if-range'] === undefined &&
    headers['if-none-match'] === undefined &&
    headers['if-match'] === undefined &&
    headers['if-unmodified-since'] === undefined
  );
}

async function makeAnswer(
  site: Site,
  { request, url }: { readonly request: Request; readonly url: string },
  index: Index | undefined,
): Promise<Made> {
  const first = respond(request, index?.columns);
  const found = async (path: string): Promise<string | undefined> => {
    const text = (await site.text(path)) ?? (await site.confirmAbsence(index));
    site.confirm(index);
    return text;
  };
  const result = first.kind === 'lookup' ? answerOf(first, await found(first.path)) : first;
  const { body } = result;
  if (body?.kind !== 'file') return withBody(result, index);
  const made = { status: result.status, headers: flat(result), isKept: true };
  if (body.size > SMALL || body.end - body.start < body.size) return { ...made, body };
  const bytes = (await site.files.whole(body)) ?? (await site.confirmAbsence(index));
  return bytes ? site.amend(url, { ...made, body: bytes }) : withBody(withoutFile(request, index?.columns), index);
}

/** An answer whose body is not a file. */
function withBody(result: Answer, index: Index | undefined): Made & { readonly body: Uint8Array | undefined } {
  const { body } = result;
  const made = { status: result.status, headers: flat(result), isKept: body?.kind === 'pieces' };
  if (body?.kind === 'text') return { ...made, body: toBytes(body.text) };
  if (body?.kind === 'pieces' && index) return { ...made, body: joinPieces(body.pieces, index.rows) };
  return { ...made, body: undefined };
}

function flat({ headers }: Answer): string[] {
  return headers.flatMap(([name, value]) => [name, value]);
}

function send({ status, headers }: Made, body: Uint8Array | undefined, response: ServerResponse): number {
  response.writeHead(status, headers).end(body);
  return body?.length ?? 0;
}

/** Sends an answer whose body is no file of the site. */
function sendOwn(result: Answer, index: Index | undefined, response: ServerResponse): number {
  const made = withBody(result, index);
  return send(made, made.body, response);
}

/** Streams a file, or a range of it, and returns the bytes sent. Undefined if the site lacks the file. */
async function stream(
  files: NodeFiles,
  { made, body }: { made: Made; body: FileBody },
  response: ServerResponse,
): Promise<number | undefined> {
  const source = await files.stream(body);
  if (!source) return undefined;
  response.writeHead(made.status, made.headers);
  let sent = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      sent += chunk.length;
      yield chunk;
    }
    if (sent < body.end - body.start) throw new UnreadableFile(body.path, 'it became shorter while it was sent');
  };
  try {
    await pipeline(source, counted, response);
  } catch (error) {
    if (!hasClientLeft(error)) throw error;
  }
  return sent;
}

function decoded(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

/** In Node, the request line is a byte string. */
function toRequest({ method = 'GET', url = '/', headers }: IncomingMessage, index: Index | undefined): Request {
  return {
    method,
    ...splitTarget(asByteString(url)),
    range: headers.range,
    ifRange: headers['if-range'] as string | undefined,
    ifNoneMatch: headers['if-none-match'],
    ifMatch: headers['if-match'],
    ifUnmodifiedSince: headers['if-unmodified-since'],
    changed: index?.changed,
  };
}
