import { asByteString } from '../tree/byte-string.ts';
import type { ByteString } from '../tree/byte-string.ts';
import type { Columns } from './columns.ts';
import { composeBody, piecesLength } from './compose.ts';
import { parseQuery } from './query.ts';
import { precomputedAnswer } from './precomputed.ts';
import { parseQueryString, percentDecode } from './query-string.ts';
import { fileAnswer, isMatch, notModified } from './file-answer.ts';
import type { Conditions } from './file-answer.ts';
import { fileEntryIn, parseFileListHead } from '../tree/file-list.ts';
import {
  answerPath,
  FAVICON,
  fileListPath,
  packageFilePath,
  packageIndexPath,
  PAGE_LIST,
  RELEASE,
  signaturePath,
  STATIC_FILES,
  zipPath,
} from '../tree/layout.ts';
import { pageAnswer } from './page-answer.ts';
import { isName, redirectToPath, redirectToRoute, route } from './route.ts';
import type { RevisionRoute, Route } from './route.ts';
import { errorAnswer, JSON_TYPE, ok, textBody, textTag } from './response.ts';
import type { Answer } from './response.ts';
import { readPath } from './path.ts';

/*
 * The registry as a function from a request and the index to an answer (docs/contract.md). It runs on every host: it is
 * edge-plain, reads nothing and waits for nothing. If it needs more than the columns, it returns a lookup.
 */

export interface Request extends Conditions {
  readonly method: string;
  /** The path as it was sent, with its escapes. */
  readonly path: ByteString;
  /** The text after the `?`. Undefined if there is no `?`. */
  readonly query: ByteString | undefined;
}

/** A small file of the site that the answer depends on. */
export interface Lookup {
  readonly kind: 'lookup';
  /** Relative to the site's folder. */
  readonly path: string;
  /** The answer, made from the text of the file. The text is undefined if the site has no such file. */
  readonly answer: (text: string | undefined) => Answer;
}

/** Answers a request. If the index can't be loaded, `columns` is undefined, and every answer that needs it is a 503. */
export function respond(request: Request, columns: Columns | undefined): Answer | Lookup {
  const result = respondWithBody(request, columns);
  return request.method === 'HEAD' && result.kind === 'answer' ? withoutBody(result) : result;
}

const METHODS = 'GET, HEAD, OPTIONS';

function respondWithBody(request: Request, columns: Columns | undefined): Answer | Lookup {
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
  const path = readPath(request.path);
  if (path.kind === 'bad') return errorAnswer(400, 'invalid escape in the path', []);
  if (path.kind === 'redirect') return redirectToPath(path.location, request.query);
  return respondToRoute(route(path.path), request, columns);
}

function respondToRoute(found: Route, request: Request, columns: Columns | undefined): Answer | Lookup {
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
        ? respondFromIndex(found, request, columns)
        : errorAnswer(503, 'the index of this registry is not available');
  }
}

const FAVICON_PATH = asByteString(FAVICON);
const NO_ROUTE = '404 page not found';

function respondFromIndex(found: Route, request: Request, columns: Columns): Answer | Lookup {
  const cache = columns.cache;
  switch (found.kind) {
    case 'artifact':
      return columns.artifacts ? respondToRoute(found.found, request, columns) : errorAnswer(404, NO_ROUTE, []);
    case 'home':
      return taggedText(request, { text: columns.home, maxAge: cache.index });
    case 'search':
    case 'categories':
      return respondToQuery(found.kind, request, columns);
    case 'release':
      return lookup(request, RELEASE, (text) =>
        text === undefined
          ? errorAnswer(404, NO_ROUTE, [])
          : taggedText(request, { text: utf8(text), maxAge: cache.index }),
      );
    case 'favicon':
      return lookup(request, STATIC_FILES, (text) => {
        const entry = text === undefined ? undefined : fileEntryIn(text, FAVICON_PATH);
        if (!entry) return errorAnswer(404, NO_ROUTE, []);
        return fileAnswer(request, { path: FAVICON_PATH, entry, maxAge: cache.files, hasRanges: true });
      });
    case 'page':
      return lookup(request, PAGE_LIST, (text) =>
        text === undefined
          ? errorAnswer(404, NO_ROUTE, [])
          : pageAnswer(request, found, { list: text, maxAge: cache.index }),
      );
    default:
      return respondFromRevision(found as RevisionRoute, request, cache);
  }
}

function lookup(request: Request, path: string, answer: (text: string | undefined) => Answer): Lookup {
  return {
    kind: 'lookup',
    path,
    answer: (text) => {
      const result = answer(text);
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

/**
 * The list of its files tells what a site holds of a revision. No site holds a revision whose name is not a valid one.
 */
function respondFromRevision(found: RevisionRoute, request: Request, cache: Columns['cache']): Answer | Lookup {
  const missing = errorAnswer(404, MISSING[found.kind]);
  if (!isName(found.name)) return missing;
  return lookup(request, fileListPath(found.name, found.version), (text) =>
    text === undefined ? missing : fileOfRevision(found, request, { list: text, cache, missing }),
  );
}

function fileOfRevision(
  found: RevisionRoute,
  request: Request,
  known: { readonly list: string; readonly cache: Columns['cache']; readonly missing: Answer },
): Answer {
  const name = found.name;
  const version = found.version;
  const maxAge = known.cache.files;
  if (found.kind === 'file') {
    const entry = fileEntryIn(known.list, found.file);
    const path = asByteString(packageFilePath(name, version, found.file));
    return entry ? fileAnswer(request, { path, entry, maxAge, hasRanges: true }) : noSuchFile(maxAge);
  }
  const entry = parseFileListHead(known.list)[found.kind];
  if (!entry) return known.missing;
  if (found.kind === 'index')
    return fileAnswer(request, {
      path: asByteString(packageIndexPath(name, version)),
      entry,
      maxAge: known.cache.index,
      hasRanges: false,
    });
  const path = found.kind === 'zip' ? zipPath(name, version) : signaturePath(name, version);
  return fileAnswer(request, { path: asByteString(path), entry, maxAge, hasRanges: true });
}

function noSuchFile(maxAge: number): Answer {
  return errorAnswer(404, 'resource not found', [
    ['Access-Control-Allow-Origin', '*'],
    ['Cache-Control', `max-age=${maxAge}, public`],
  ]);
}

function respondToQuery(endpoint: 'search' | 'categories', request: Request, columns: Columns): Answer {
  const parsed = parseQuery(endpoint, parseQueryString(request.query || asByteString('')));
  if ('error' in parsed) return errorAnswer(400, parsed.error);
  const maxAge = columns.cache[endpoint];
  const precomputed = precomputedAnswer(columns, parsed.query);
  if (precomputed)
    return fileAnswer(request, {
      path: asByteString(answerPath(precomputed.digest)),
      entry: [precomputed.bytes, precomputed.digest, JSON_TYPE],
      maxAge,
      hasRanges: false,
    });
  const pieces = composeBody(columns, parsed.query);
  const length = piecesLength(pieces);
  const ownTag = `"${columns.build}-${endpoint}"`;
  const tag = request.tags ? request.tags.ofComposed(ownTag, length) : ownTag;
  if (isMatch(request, tag)) return notModified(tag, maxAge);
  const headers: [string, string][] = [
    ['Content-Type', JSON_TYPE],
    ['Cache-Control', `max-age=${maxAge}, public`],
    ['Content-Length', String(length)],
    ['ETag', tag],
  ];
  return ok(headers, { kind: 'pieces', pieces });
}

function taggedText(request: Request, page: { readonly text: ByteString; readonly maxAge: number }): Answer {
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

/** The UTF-8 of a text. */
function utf8(text: string): ByteString {
  return percentDecode(asByteString(encodeURIComponent(text))) as ByteString;
}

function withoutBody(result: Answer): Answer {
  return { kind: 'answer', status: result.status, headers: result.headers, body: undefined };
}
