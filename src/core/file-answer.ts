import type { ByteString } from '../tree/byte-string.ts';
import type { FileEntry } from '../tree/file-list.ts';
import { isModifiedSince, namesTag, namesTagStrongly } from './preconditions.ts';
import { errorAnswer, NOT_KEPT, ok } from './response.ts';
import type { Answer } from './response.ts';

/*
 * Answers whose body is a file of the site: ETag, 304, 412, byte ranges (RFC 9110 sections 13 and 14; docs/contract.md
 * section 1). Edge-plain.
 */

export interface FileSource {
  /** Relative to the site's folder. */
  readonly path: ByteString;
  readonly entry: FileEntry;
  /** Seconds. */
  readonly maxAge: number;
  /** JSON answers ignore `Range`, `If-Match` and `If-Unmodified-Since`. */
  readonly hasRanges: boolean;
}

/** The conditions that a client puts on an answer. */
export interface Conditions {
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
  /**
   * When the site last changed, as far as the host knows: seconds since 1970. `If-Unmodified-Since` doesn't count without it.
   */
  readonly changed?: number | undefined;
  /** The tags that the host gives answers, where they aren't the core's. */
  readonly tags?: HostTags | undefined;
}

/** The tags of a host that sends compressed forms, or has tags of its own. A tag is '' where the host finds nothing to send. */
export interface HostTags {
  /** Of a file: of the form that the client gets, and of the file as it is, which ranges are of. */
  readonly ofFile: (source: FileSource) => { readonly form: string; readonly plain: string };
  /** Of a composed answer of so many bytes, which the core gives a tag. */
  readonly ofComposed: (tag: string, length: number) => string;
}

export function fileAnswer(request: Conditions, source: FileSource): Answer {
  const size = source.entry[0];
  const ownTag = `"${source.entry[1].slice(0, 32)}"`;
  const tags = request.tags ? request.tags.ofFile(source) : { form: ownTag, plain: ownTag };
  if (source.hasRanges && tags.form !== '' && !isAsExpected(request, tags.form)) return PRECONDITION_FAILED;
  if (isMatch(request, tags.form)) return notModified(tags.form, source.maxAge);
  const isWanted = source.hasRanges && request.range && (!request.ifRange || request.ifRange === tags.plain);
  const range = isWanted ? parseRange(request.range as string, size) : undefined;
  if (typeof range === 'string') return rangeError(range, size);
  const start = range ? range.start : 0;
  const end = range ? range.end : size;
  const headers: [string, string][] = [
    ['Cache-Control', `max-age=${source.maxAge}, public`],
    ['ETag', range ? tags.plain : tags.form],
    ['Content-Type', source.entry[2]],
  ];
  if (source.hasRanges) headers.push(['Accept-Ranges', 'bytes']);
  headers.push(['Content-Length', String(end - start)]);
  if (range) headers.push(['Content-Range', `bytes ${start}-${end - 1}/${size}`]);
  const whole = ok(headers, { kind: 'file', path: source.path, digest: source.entry[1], size, start, end });
  return { kind: 'answer', status: range ? 206 : 200, headers: whole.headers, body: whole.body };
}

/** Whether the client has the answer with this tag already. */
export function isMatch(request: Conditions, tag: string): boolean {
  return request.ifNoneMatch !== undefined && tag !== '' && namesTag(request.ifNoneMatch, tag);
}

/** Whether the client wants the answer with this tag, and no other. A tag that it names counts before a date (RFC 9110 section 13.2.2). */
function isAsExpected(request: Conditions, tag: string): boolean {
  if (request.ifMatch) return namesTagStrongly(request.ifMatch, tag);
  if (request.ifUnmodifiedSince === undefined || request.changed === undefined) return true;
  return !isModifiedSince(request.ifUnmodifiedSince, request.changed);
}

/** It has no body, and nobody may keep it for a client with other conditions. */
const PRECONDITION_FAILED: Answer = {
  kind: 'answer',
  status: 412,
  headers: [
    ['Access-Control-Allow-Origin', '*'],
    ['Cache-Control', NOT_KEPT],
    ['Content-Length', '0'],
  ],
  body: undefined,
};

/** The 304 of an answer with a tag. */
export function notModified(tag: string, maxAge: number): Answer {
  const headers: [string, string][] = [
    ['Cache-Control', `max-age=${maxAge}, public`],
    ['ETag', tag],
  ];
  return { kind: 'answer', status: 304, headers: ok(headers, undefined).headers, body: undefined };
}

const NO_OVERLAP = 'invalid range: failed to overlap';
const INVALID = 'invalid range';

function rangeError(text: string, size: number): Answer {
  const result = errorAnswer(416, text);
  const headers = result.headers.filter((header) => header[0] !== 'Cache-Control');
  if (text === NO_OVERLAP) headers.push(['Content-Range', `bytes */${size}`]);
  return { kind: 'answer', status: 416, headers, body: result.body };
}

/**
 * The one range that the request asks for. Undefined for the whole file, which answers no range and several. Or the
 * text of an error.
 */
function parseRange(written: string, size: number): { start: number; end: number } | string | undefined {
  if (written.slice(0, 6) !== 'bytes=') return INVALID;
  const specs = written
    .slice(6)
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '');
  const ranges = specs.map((spec) => oneRange(spec, size));
  if (ranges.indexOf(INVALID) >= 0) return INVALID;
  const met = ranges.filter((range) => typeof range !== 'string');
  if (ranges.length > 0 && met.length === 0) return size === 0 ? undefined : NO_OVERLAP;
  return met.length === 1 ? met[0] : undefined;
}

function oneRange(spec: string, size: number): { start: number; end: number } | string {
  const dash = spec.indexOf('-');
  if (dash < 0) return INVALID;
  const first = spec.slice(0, dash).trim();
  const last = spec.slice(dash + 1).trim();
  if (first === '') {
    if (!isDigits(last)) return INVALID;
    const length = Math.min(Number(last), size);
    return length === 0 ? NO_OVERLAP : { start: size - length, end: size };
  }
  if (!isDigits(first) || (last !== '' && !isDigits(last))) return INVALID;
  const start = Number(first);
  if (last !== '' && start > Number(last)) return INVALID;
  if (start >= size) return NO_OVERLAP;
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
  return text !== '';
}
