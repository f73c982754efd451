import { asByteString } from '../../tree/byte-string.ts';
import type { ByteString } from '../../tree/byte-string.ts';
import type { Piece } from '../../core/compose.ts';
import type { Columns } from '../../core/columns.ts';
import { splitTarget } from '../../core/path.ts';
import { respond } from '../../core/respond.ts';
import type { Request as CoreRequest } from '../../core/respond.ts';
import { errorAnswer, UNREADABLE } from '../../core/response.ts';
import type { Answer, FileBody } from '../../core/response.ts';
import { INDEX, indexFilePath } from '../../tree/layout.ts';
import { parseNames } from '../../tree/names.ts';
import { withoutFile } from '../../core/without-file.ts';

/*
 * The registry for hosts with the Fetch standard: Netlify, Cloudflare, Deno, Bun, Lambda. A host says how to read the
 * files of a site; the core does the rest.
 */

/** A site's files, by paths relative to its folder. Undefined means that there is no such file; an error, that it can't be read. */
export interface SiteFiles {
  bytes(path: string): Promise<Uint8Array | undefined>;
  /** The bytes from `start` up to `end`, in a form that the host can stream. */
  range(file: FileBody): Promise<BodyInit | undefined>;
}

/** Takes what is to be known of a request that went wrong, a line each; `console.error` does. */
export type Log = (line: string) => void;

/** A file of the site may be there and can't be read; `reason` is an error, or says it in words. */
export class UnreadableFile extends Error {
  constructor(path: string, reason: unknown) {
    super(`${path} can't be read: ${reason instanceof Error ? reason.message : String(reason)}`);
  }
}

/** Columns and rows of one build. */
export interface Index {
  readonly columns: Columns;
  readonly rows: Uint8Array;
  /** When the site last changed, as far as the host knows: seconds since 1970. */
  readonly changed: number;
}

/**
 * Answers requests over a site. The first request loads the index; if that fails, the next one tries again. The handler
 * keeps the index and not a promise of it: in workerd, a request that ends early cancels its promises.
 */
export function fetchHandler(files: SiteFiles, log: Log): (request: Request) => Promise<Response> {
  let index: Index | undefined;
  return (request) =>
    orFailure(log, async () => answerRequest(request, { files, index: (index ??= await loadIndex(files)) }));
}

/**
 * The response that `answer` gives. Where it throws, the log says why and the client gets what it doesn't keep: a 503 where a file
 * can't be read, since that says nothing about what the site holds, and a 500 otherwise.
 */
export async function orFailure(log: Log, answer: () => Promise<Response>): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    log(error instanceof UnreadableFile ? error.message : String((error as Error).stack ?? error));
    const failure = error instanceof UnreadableFile ? UNREADABLE : errorAnswer(500, 'internal error');
    return newResponse(failure, bodyOf(failure, undefined));
  }
}

/** A site at the time of one request. Without an index, every answer that needs it is a 503. */
export interface FetchSite {
  readonly files: SiteFiles;
  readonly index: Index | undefined;
}

/** Answers one request, for hosts that keep the index themselves. Throws what reading the files throws. */
export async function answerRequest(request: Request, site: FetchSite): Promise<Response> {
  const core = toCoreRequest(request, site.index);
  const first = respond(core, site.index?.columns);
  const result = first.kind === 'lookup' ? first.answer(toText(await site.files.bytes(first.path))) : first;
  return await toResponse(result, core, site);
}

/**
 * Reads the index; undefined where it is missing, broken, or its columns and rows are of two builds. Throws what reading throws. A
 * host that can't tell when the site changed knows that it hasn't since now.
 */
export async function loadIndex(
  files: Pick<SiteFiles, 'bytes'>,
  changed = Math.floor(Date.now() / 1000),
): Promise<Index | undefined> {
  const names = parsed(await files.bytes(INDEX), parseNames);
  if (!names) return undefined;
  const [columnBytes, rows] = await Promise.all(
    [names.columns, names.rows].map((name) => files.bytes(indexFilePath(name))),
  );
  const columns = parsed(columnBytes, (text) => JSON.parse(text) as Columns);
  return columns && rows && isOneBuild(columns, rows) ? { columns, rows, changed } : undefined;
}

/** What a file says; undefined where it is missing or broken. */
function parsed<Value>(bytes: Uint8Array | undefined, parse: (text: string) => Value): Value | undefined {
  if (!bytes) return undefined;
  try {
    return parse(toText(bytes) ?? '');
  } catch {
    return undefined; // parsing alone: the bytes are there and are not what a build writes
  }
}

function isOneBuild(columns: Columns, rows: Uint8Array): boolean {
  const head = `${columns.build}\n`;
  return rows.length === columns.bytes && toText(rows.subarray(0, head.length)) === head;
}

/** The bytes of a body's pieces. */
export function joinPieces(pieces: readonly Piece[], rows: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts = pieces.map((piece) =>
    typeof piece === 'string' ? toBytes(piece) : rows.subarray(piece.start, piece.end),
  );
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

async function toResponse(result: Answer, core: CoreRequest, { files, index }: FetchSite): Promise<Response> {
  const { body } = result;
  if (body?.kind !== 'file') return newResponse(result, bodyOf(result, index));
  const content = body.start === body.end ? new Uint8Array() : await files.range(body);
  if (content !== undefined) return newResponse(result, content);
  const other = withoutFile(core, index?.columns);
  return newResponse(other, bodyOf(other, index));
}

function bodyOf({ body }: Answer, index: Index | undefined): BodyInit | null {
  if (body?.kind === 'text') return toBytes(body.text);
  if (body?.kind === 'pieces' && index) return joinPieces(body.pieces, index.rows);
  return null;
}

function newResponse({ status, headers }: Answer, body: BodyInit | null): Response {
  return new Response(status === 204 || status === 304 ? null : body, {
    status,
    headers: headers.map(([name, value]) => [name, value]),
  });
}

/** The path and query in the text of the URL, which is ASCII. `URL` would parse them differently from the registry. */
function toCoreRequest(request: Request, index: Index | undefined): CoreRequest {
  const { url, method, headers } = request;
  const hash = url.indexOf('#');
  return {
    method,
    ...splitTarget(asByteString(hash < 0 ? url : url.slice(0, hash))),
    range: headers.get('range') ?? undefined,
    ifRange: headers.get('if-range') ?? undefined,
    ifNoneMatch: headers.get('if-none-match') ?? undefined,
    ifMatch: headers.get('if-match') ?? undefined,
    ifUnmodifiedSince: headers.get('if-unmodified-since') ?? undefined,
    changed: index?.changed,
  };
}

function toText(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

function toBytes(text: ByteString): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}
