import { asByteString } from '../tree/byte-string.ts';
import type { ByteString } from '../tree/byte-string.ts';
import type { Piece } from './compose.ts';

/*
 * The parts of an answer that all routes share (docs/contract.md section 1). Edge-plain.
 */

/** The answer that a host sends. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Body | undefined;
}

/** A file body is a range of a file of the site, without `end`. */
export type Body =
  | { readonly kind: 'text'; readonly text: ByteString }
  | { readonly kind: 'pieces'; readonly pieces: readonly Piece[] }
  | FileBody;

export interface FileBody {
  readonly kind: 'file';
  /** Relative to the site's folder. */
  readonly path: ByteString;
  /**
   * The SHA-256 of the whole file, in hex, or its first digits. Hosts that keep each different content once need it.
   */
  readonly digest: string;
  /** The bytes of the whole file. */
  readonly size: number;
  readonly start: number;
  readonly end: number;
}

export type Headers = readonly (readonly [name: string, value: string])[];

export const JSON_TYPE = 'application/json';

const ANY_ORIGIN: Headers = [['Access-Control-Allow-Origin', '*']];

/** The `Cache-Control` of what nobody may keep. */
export const NOT_KEPT = 'max-age=0, private, no-store';

/** A 200 of a route in the table of docs/contract.md section 1. */
export function ok(headers: Headers, body: Body | undefined): Answer {
  return { kind: 'answer', status: 200, headers: ANY_ORIGIN.concat(headers), body };
}

/**
 * An error: one line (ASCII, or a byte string) and a newline. `headers` replace the CORS header that answers of a route carry. A `Cache-Control`
 * among them replaces the one of errors.
 */
export function errorAnswer(status: number, line: string, headers?: Headers): Answer {
  const own = headers || ANY_ORIGIN;
  const text = asByteString(`${line}\n`);
  const shared: Headers = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Content-Length', String(text.length)],
  ];
  const isCached = own.filter((header) => header[0] === 'Cache-Control').length > 0;
  const cache: Headers = isCached ? [] : [['Cache-Control', NOT_KEPT]];
  return { kind: 'answer', status, headers: own.concat(cache, shared), body: textBody(text) };
}

/** The answer where a file is there and can't be read, which says nothing about what the site holds. */
export const UNREADABLE = errorAnswer(503, 'a file of this registry can not be read');

export function textBody(text: ByteString): Body {
  return { kind: 'text', text };
}

/** A strong ETag for a small text: two 32-bit FNV-1a hashes, one of them over the reversed text. */
export function textTag(text: ByteString): string {
  let forward = 0x811c9dc5;
  let backward = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    forward = Math.imul(forward ^ text.charCodeAt(i), 0x01000193);
    backward = Math.imul(backward ^ text.charCodeAt(text.length - 1 - i), 0x01000193);
  }
  return `"${(forward >>> 0).toString(16)}-${(backward >>> 0).toString(16)}"`;
}
