import type { Columns } from './columns.ts';
import { composeBody, piecesLength } from './compose.ts';
import type { Piece } from './compose.ts';
import { parseQuery } from './query.ts';
import { precomputedAnswer } from './precomputed.ts';
import { parseQueryString } from './query-string.ts';
import { fileAnswer, isMatch } from './file-answer.ts';
import { ownEntry, parseFileList } from '../tree/file-list.ts';
import type { FileList } from '../tree/file-list.ts';
import {
  answerPath,
  FAVICON,
  fileListPath,
  packageFilePath,
  packageIndexPath,
  RELEASE,
  signaturePath,
  STATIC_FILES,
  zipPath,
} from '../tree/layout.ts';
import { isName, redirectToPath, redirectToRoute, route } from './route.ts';
import type { RevisionRoute, Route } from './route.ts';
import { errorAnswer, JSON_TYPE, ok, textBody, textTag } from './response.ts';
import type { Answer } from './response.ts';
import { readTarget } from './path.ts';

/*
 * The registry, as a function: a request and the index in, an answer out (docs/contract.md). It runs on every host, so it
 * is edge-plain, reads nothing and waits for nothing; what it needs beyond the columns it names as a lookup.
 */

/** All texts are byte strings: a character is a byte. */
export interface Request {
  readonly method: string;
  /** The path as sent, escapes and all. */
  readonly path: string;
  /** What stands behind the `?`; undefined where there is none. */
  readonly query: string | undefined;
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** A small file of the site that the answer depends on. */
export interface Lookup {
  readonly kind: 'lookup';
  /** Relative to the site's folder. */
  readonly path: string;
  /** The answer, from the file's text; undefined where the site has no such file. */
  readonly answer: (text: string | undefined) => Answer;
}

/** Answers a request. `columns` is undefined where the index can't be loaded: then every answer that needs it is a 503. */
export function answer(request: Request, columns: Columns | undefined): Answer | Lookup {
  const result = answerBody(request, columns);
  return request.method === 'HEAD' && result.kind === 'answer' ? withoutBody(result) : result;
}

const METHODS = 'GET, HEAD, OPTIONS';

function answerBody(request: Request, columns: Columns | undefined): Answer | Lookup {
  if (request.method === 'OPTIONS')
    return {
      kind: 'answer',
      status: 204,
      headers: [
        ['Allow', METHODS],
        ['Access-Control-Allow-Origin', '*'],
        ['Access-Control-Allow-Methods', METHODS],
      ],
      body: undefined,
    };
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return errorAnswer(405, 'method not allowed', [['Allow', METHODS]]);
  const target = readTarget(request.path);
  if (target.kind === 'bad') return errorAnswer(400, 'invalid escape in the path', []);
  if (target.kind === 'redirect') return redirectToPath(target.location, request.query);
  return answerRoute(route(target.path), request, columns);
}

function answerRoute(found: Route, request: Request, columns: Columns | undefined): Answer | Lookup {
  switch (found.kind) {
    case 'none':
      return errorAnswer(404, NO_ROUTE, []);
    case 'redirect':
      return redirectToRoute(found.path, request.query);
    case 'bad-version':
      return errorAnswer(400, 'invalid package version');
    case 'health':
      return ok([['Content-Length', '0']], undefined);
    default:
      return columns
        ? answerIndexed(found, request, columns)
        : errorAnswer(503, 'the index of this registry is not available');
  }
}

const NO_ROUTE = '404 page not found';

function answerIndexed(found: Route, request: Request, columns: Columns): Answer | Lookup {
  const cache = columns.cache;
  switch (found.kind) {
    case 'home':
      return taggedText(request, { text: columns.home, maxAge: cache.index });
    case 'search':
    case 'categories':
      return answerQueryString(found.kind, request, columns);
    case 'release':
      return lookup(request, RELEASE, (text) =>
        text === undefined ? errorAnswer(404, NO_ROUTE, []) : taggedText(request, { text, maxAge: cache.index }),
      );
    case 'favicon':
      return lookup(request, STATIC_FILES, (text) => {
        const entry = text === undefined ? undefined : ownEntry(parseFileList(text).files, FAVICON);
        if (!entry) return errorAnswer(404, NO_ROUTE, []);
        return fileAnswer(request, { path: FAVICON, entry, maxAge: cache.files, hasRanges: true });
      });
    default:
      return answerRevision(found as RevisionRoute, request, cache);
  }
}

function lookup(request: Request, path: string, respond: (text: string | undefined) => Answer): Lookup {
  return {
    kind: 'lookup',
    path,
    answer: (text) => {
      const result = respond(text);
      return request.method === 'HEAD' ? withoutBody(result) : result;
    },
  };
}

const MISSING = {
  index: 'package revision not found',
  file: 'package revision not found',
  zip: 'artifact not found',
  signature: 'signature file not found',
};

/** What a site holds of a revision stands in the list of its files; a name that is none is in no site. */
function answerRevision(found: RevisionRoute, request: Request, cache: Columns['cache']): Answer | Lookup {
  const missing = errorAnswer(404, MISSING[found.kind]);
  if (!isName(found.name)) return missing;
  return lookup(request, fileListPath(found.name, found.version), (text) =>
    text === undefined ? missing : revisionAnswer(found, request, { list: parseFileList(text), cache, missing }),
  );
}

function revisionAnswer(
  found: RevisionRoute,
  request: Request,
  known: { readonly list: FileList; readonly cache: Columns['cache']; readonly missing: Answer },
): Answer {
  const name = found.name;
  const version = found.version;
  const maxAge = known.cache.files;
  const list = known.list;
  if (found.kind === 'index') {
    const path = packageIndexPath(name, version);
    return list.index
      ? fileAnswer(request, { path, entry: list.index, maxAge: known.cache.index, hasRanges: false })
      : known.missing;
  }
  if (found.kind === 'file') {
    const entry = ownEntry(list.files, found.file);
    const path = packageFilePath(name, version, found.file);
    return entry ? fileAnswer(request, { path, entry, maxAge, hasRanges: true }) : noSuchFile(maxAge);
  }
  const entry = found.kind === 'zip' ? list.zip : list.signature;
  const path = found.kind === 'zip' ? zipPath(name, version) : signaturePath(name, version);
  return entry ? fileAnswer(request, { path, entry, maxAge, hasRanges: true }) : known.missing;
}

function noSuchFile(maxAge: number): Answer {
  return errorAnswer(404, 'resource not found', [
    ['Access-Control-Allow-Origin', '*'],
    ['Cache-Control', `max-age=${maxAge}, public`],
  ]);
}

function answerQueryString(endpoint: 'search' | 'categories', request: Request, columns: Columns): Answer {
  const parsed = parseQuery(endpoint, parseQueryString(request.query || ''));
  if ('error' in parsed) return errorAnswer(400, parsed.error);
  const maxAge = columns.cache[endpoint];
  const precomputed = precomputedAnswer(columns, parsed.query);
  if (precomputed)
    return fileAnswer(request, {
      path: answerPath(precomputed.digest),
      entry: [precomputed.bytes, precomputed.digest, JSON_TYPE],
      maxAge,
      hasRanges: false,
    });
  const pieces = composeBody(columns, parsed.query);
  const tag = `"${columns.build}-${endpoint}"`;
  return isMatch(request, tag) ? notModified(tag, maxAge) : composed(pieces, tag, maxAge);
}

function composed(pieces: Piece[], tag: string, maxAge: number): Answer {
  return ok(
    [
      ['Content-Type', JSON_TYPE],
      ['Cache-Control', `max-age=${maxAge}, public`],
      ['Content-Length', String(piecesLength(pieces))],
      ['ETag', tag],
    ],
    { kind: 'pieces', pieces },
  );
}

function taggedText(request: Request, page: { readonly text: string; readonly maxAge: number }): Answer {
  const tag = textTag(page.text);
  if (isMatch(request, tag)) return notModified(tag, page.maxAge);
  const headers: [string, string][] = [
    ['Content-Type', JSON_TYPE],
    ['Cache-Control', `max-age=${page.maxAge}, public`],
    ['Content-Length', String(page.text.length)],
    ['ETag', tag],
  ];
  return ok(headers, textBody(page.text));
}

function notModified(tag: string, maxAge: number): Answer {
  const headers: [string, string][] = [
    ['Access-Control-Allow-Origin', '*'],
    ['Cache-Control', `max-age=${maxAge}, public`],
    ['ETag', tag],
  ];
  return { kind: 'answer', status: 304, headers, body: undefined };
}

function withoutBody(result: Answer): Answer {
  return { kind: 'answer', status: result.status, headers: result.headers, body: undefined };
}
