import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { splitTarget } from '../../core/path.ts';
import { respond } from '../../core/respond.ts';
import type { Request } from '../../core/respond.ts';
import { boundedMemory } from './memory.ts';
import { ifThere } from '../fetch/folder-files.ts';
import { joinPieces, loadIndex, UnreadableFile } from '../fetch/handler.ts';
import type { Index, Log } from '../fetch/handler.ts';
import { errorAnswer, UNREADABLE } from '../../core/response.ts';
import type { Answer, FileBody } from '../../core/response.ts';
import { asByteString } from '../../tree/byte-string.ts';
import type { ByteString } from '../../tree/byte-string.ts';
import { findCurrent } from '../../tree/current.ts';
import { INDEX } from '../../tree/layout.ts';
import { toBytes } from '../../tree/text.ts';
import { withoutFile } from '../../core/without-file.ts';

/** A site that Node serves. */
export interface NodeSite {
  /** Answers one HTTP request. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/**
 * Serves the site in `folder`. It notices within a second if another site takes its place. If a file exists and can't
 * be read, the answer is a 503, and the log names the file.
 */
export function nodeSite(folder: string, log: Log): NodeSite {
  const texts = boundedMemory<string | undefined>(TEXTS, (text) => text?.length ?? Infinity);
  const made = boundedMemory<Made>(BODIES, ({ body, isKept }) =>
    isKept && body instanceof Uint8Array ? body.length : Infinity,
  );
  const site: Site = {
    folder,
    index: indexLoader(folder, log, () => {
      texts.clear();
      made.clear();
    }),
    text: (path) => texts.get(path, async () => (await readIfThere(folder, asByteString(path)))?.toString('utf8')),
    made: (key, make) => made.get(key, make),
  };
  return {
    handle: async (incoming, response) => {
      try {
        await answer(site, incoming, response);
      } catch (error) {
        if (!hasClientLeft(error)) log(lineOf(error));
        if (response.headersSent) response.destroy(error as Error);
        else send(withBody(error instanceof UnreadableFile ? UNREADABLE : FAILED, undefined), response);
      }
    },
  };
}

const FAILED = errorAnswer(500, 'internal error');

function lineOf(error: unknown): string {
  return error instanceof UnreadableFile ? error.message : String((error as Error).stack ?? error);
}

function hasClientLeft(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Bytes of file lists kept in memory. */
const TEXTS = 32 * 2 ** 20;
/** Bytes of bodies kept in memory. */
const BODIES = 128 * 2 ** 20;
/** Files up to this size are read whole and kept; larger ones are streamed. */
const SMALL = 4 * 2 ** 20;

interface Site {
  readonly folder: string;
  index(): Promise<Index | undefined>;
  /** A small file, from memory if it was asked for before. */
  text(path: string): Promise<string | undefined>;
  /** The result of `make`, from memory if the same was asked for before. */
  made(key: string, make: () => Promise<Made>): Promise<Made>;
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

async function answer(site: Site, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const index = await site.index();
  const request = toRequest(incoming, index);
  const make = (): Promise<Made> => makeAnswer(site, request, index);
  const made = isPlain(request) ? await site.made(incoming.url ?? '', make) : await make();
  const { body } = made;
  if (body === undefined || body instanceof Uint8Array) send(made, response);
  else if (!(await stream(site.folder, { made, body }, response))) send(withoutItsFile(request, index), response);
}

/** Whether the answer depends on the URL alone. */
function isPlain({ method, range, ifRange, ifNoneMatch, ifMatch, ifUnmodifiedSince }: Request): boolean {
  const conditions = [range, ifRange, ifNoneMatch, ifMatch, ifUnmodifiedSince];
  return method === 'GET' && conditions.every((one) => one === undefined);
}

async function makeAnswer(site: Site, request: Request, index: Index | undefined): Promise<Made> {
  const first = respond(request, index?.columns);
  const result = first.kind === 'lookup' ? first.answer(await site.text(first.path)) : first;
  const { body } = result;
  if (body?.kind !== 'file') return withBody(result, index);
  const made = { status: result.status, headers: flat(result), isKept: true };
  if (body.size > SMALL || body.end - body.start < body.size) return { ...made, body };
  const bytes = await readIfThere(site.folder, body.path);
  return bytes?.length === body.size ? { ...made, body: bytes } : withoutItsFile(request, index);
}

function withoutItsFile(request: Request, index: Index | undefined): Made {
  return withBody(withoutFile(request, index?.columns), index);
}

/** An answer whose body is not a file. */
function withBody(result: Answer, index: Index | undefined): Made {
  const { body } = result;
  const made = { status: result.status, headers: flat(result), isKept: body?.kind === 'pieces' };
  if (body?.kind === 'text') return { ...made, body: toBytes(body.text) };
  if (body?.kind === 'pieces' && index) return { ...made, body: joinPieces(body.pieces, index.rows) };
  return { ...made, body: undefined };
}

function flat({ headers }: Answer): string[] {
  return headers.flatMap(([name, value]) => [name, value]);
}

function send({ status, headers, body }: Made, response: ServerResponse): void {
  response.writeHead(status, headers).end(body);
}

/**
 * Streams a file, or a range of it. Returns false if the site lacks the file, or has another one in its place by now.
 */
async function stream(
  folder: string,
  { made, body }: { made: Made; body: FileBody },
  response: ServerResponse,
): Promise<boolean> {
  const file = await read(folder, body.path, (place) => open(place));
  try {
    if (!file || (await file.stat()).size !== body.size) return false;
    response.writeHead(made.status, made.headers);
    await pipeline(
      createReadStream('', { fd: file, start: body.start, end: body.end - 1, autoClose: false }),
      response,
    );
    return true;
  } finally {
    await file?.close();
  }
}

async function readIfThere(folder: string, path: ByteString): Promise<Buffer | undefined> {
  return await read(folder, path, (place) => readFile(place));
}

/** What `use` reads of a file of the site; undefined where there is none. */
async function read<T>(folder: string, path: ByteString, use: (place: Buffer) => Promise<T>): Promise<T | undefined> {
  return await findCurrent(folder, path, (tree) => ifThere(place(tree, path), use));
}

function place(folder: string, path: ByteString): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), toBytes(path)]);
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

/**
 * The current index. Undefined if it is missing or broken, if its files belong to different builds, or if it can't be
 * read, which goes to the log.
 */
function indexLoader(folder: string, log: Log, onChange: () => void): () => Promise<Index | undefined> {
  let checked = 0;
  let identity = '';
  let current: Promise<Index | undefined> = Promise.resolve(undefined);
  const orLog = async <Result>(result: Promise<Result | undefined>): Promise<Result | undefined> =>
    await result.catch((error: unknown) => {
      log(lineOf(error));
      return undefined;
    });
  const refresh = async (before: Promise<Index | undefined>): Promise<Index | undefined> => {
    const found = await orLog(read(folder, asByteString(INDEX), (place) => stat(place)));
    const now = found ? `${found.ino}-${found.ctimeMs}` : '';
    if (now === identity && now !== '') return await before;
    identity = now;
    onChange();
    const changed = found && Math.floor(found.ctimeMs / 1000);
    return await loadIndex({ bytes: (inner) => orLog(readIfThere(folder, asByteString(inner))) }, changed);
  };
  return () => {
    if (Date.now() - checked >= RECHECK) {
      checked = Date.now();
      current = refresh(current);
    }
    return current;
  };
}

/** Milliseconds. */
const RECHECK = 1000;
