import { splitTarget } from '../../core/path.ts';
import { respond } from '../../core/respond.ts';
import type { Request as CoreRequest } from '../../core/respond.ts';
import { errorAnswer, UNREADABLE } from '../../core/response.ts';
import type { Answer } from '../../core/response.ts';
import { withoutFile } from '../../core/without-file.ts';
import { asByteString } from '../../tree/byte-string.ts';
import { joinPieces, toBytes } from './index.ts';
import type { Index } from './index.ts';
import { answerOf, lineOf, UnreadableFile } from './site-files.ts';
import type { Log, SiteFiles } from './site-files.ts';
import { watchSite } from './watch.ts';

/*
 * The registry for hosts with the Fetch standard: Netlify, Cloudflare, Deno, Bun, Lambda. A host says how to read the
 * files of a site; the core does the rest.
 */

/**
 * Answers requests over a site that may change: it notices within a second, and each answer is wholly of one build. Where the index
 * can't be loaded, it tries again a second later.
 */
export function fetchHandler(files: SiteFiles, log: Log): (request: Request) => Promise<Response> {
  const watch = watchSite(files, log);
  const respondOver = async (request: Request, index: Index | undefined): Promise<Response> =>
    await answerRequest(request, {
      index,
      files: {
        bytes: async (path) => {
          const found = (await files.bytes(path)) ?? (await watch.confirmAbsence(index));
          watch.confirm(index);
          return found;
        },
        range: async (file) => (await files.range(file)) ?? (await watch.confirmAbsence(index)),
      },
    });
  return (request) => orFailure(log, () => watch.answer((index) => respondOver(request, index)));
}

/**
 * The response that `answer` gives. Where it throws, the log says why and the client gets what it doesn't keep: a 503 where a file
 * can't be read, since that says nothing about what the site holds, and a 500 otherwise.
 */
export async function orFailure(log: Log, answer: () => Promise<Response>): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    log(lineOf(error));
    const failure = error instanceof UnreadableFile ? UNREADABLE : errorAnswer(500, 'internal error');
    return newResponse(failure, bodyOf(failure, undefined));
  }
}

/** A site at the time of one request. Without an index, every answer that needs it is a 503. */
export interface FetchSite {
  readonly files: SiteFiles;
  readonly index: Index | undefined;
  /** Set where requests come with another `Accept-Encoding` than the client's. */
  readonly hidesCodings?: true;
}

/** Answers one request, for hosts that keep the index themselves. Throws what reading the files throws. */
export async function answerRequest(request: Request, site: FetchSite): Promise<Response> {
  const core = toCoreRequest(request, site.index);
  const first = respond(core, site.index?.columns);
  const result = first.kind === 'lookup' ? answerOf(first, toText(await site.files.bytes(first.path))) : first;
  return await toResponse(!site.hidesCodings && mayBeCompressed(request) ? untouched(result) : result, core, site);
}

/**
 * Whether the runtime may compress the answer: Cloudflare and Deno do so for a client that takes a compressed form. Cloudflare
 * replaces the client's header, and tells what it was.
 */
function mayBeCompressed(request: Request & { readonly cf?: { readonly clientAcceptEncoding?: string } }): boolean {
  const compresses = request.cf !== undefined || 'Deno' in globalThis;
  return compresses && Boolean(request.cf?.clientAcceptEncoding ?? request.headers.get('accept-encoding'));
}

/** A signature must not be compressed on its way: the answer says so (RFC 9111 section 5.2.2.6). */
function untouched(answer: Answer): Answer {
  if (answer.body?.kind !== 'file' || !answer.body.path.endsWith('.zip.sig')) return answer;
  const headers = answer.headers.map(
    ([name, value]) => [name, name === 'Cache-Control' ? `${value}, no-transform` : value] as const,
  );
  return { ...answer, headers };
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
