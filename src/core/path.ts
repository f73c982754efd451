import { asByteString } from '../tree/byte-string.ts';
import type { ByteString } from '../tree/byte-string.ts';
import { percentDecode } from './query-string.ts';

/**
 * The path of a request target: its escapes don't parse, it redirects to its clean form, or it is a clean and decoded
 * path.
 */
export type RequestPath =
  | { readonly kind: 'bad' }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'path'; readonly path: ByteString };

const UNESCAPED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~$&+,/:;=@';
const HEX = '0123456789ABCDEF';

/**
 * The path and the query of a request target as they were sent. The target may be in absolute form (RFC 9112 section
 * 3.2.2), as a proxy gets it. The query is undefined if there is no `?`.
 */
export function splitTarget(target: ByteString): { readonly path: ByteString; readonly query: ByteString | undefined } {
  const isOrigin = target.charAt(0) === '/';
  const host = isOrigin ? null : /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?]*/.exec(target);
  const inside = host ? target.slice(host[0].length) : target;
  const mark = inside.indexOf('?');
  const path = mark < 0 ? inside : inside.slice(0, mark);
  return { path: path === '' ? asByteString('/') : path, query: mark < 0 ? undefined : inside.slice(mark + 1) };
}

/**
 * Reads the path of a request target as it was sent: a byte string, without the query. The `location` of a redirect is
 * ASCII and lacks the query. A `path` is a decoded byte string. The rule is in docs/contract.md section 1; the recorded
 * examples are in `test/recorded/rules`.
 */
export function readPath(rawPath: ByteString): RequestPath {
  const path = percentDecode(rawPath);
  if (path === undefined) {
    return { kind: 'bad' };
  }
  const clean = cleanPath(path);
  return clean === path ? { kind: 'path', path } : { kind: 'redirect', location: escapePath(clean) };
}

/**
 * Resolves empty, `.` and `..` segments of a decoded path (RFC 3986, 5.2.4, and empty segments too). The result starts
 * with `/`, and ends with one if the given path does: `/a/.` becomes `/a`, unlike in the RFC.
 */
export function cleanPath(path: ByteString): ByteString {
  const segments = path.split('/');
  const kept: ByteString[] = [];
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i] as ByteString;
    if (segment === '..') {
      kept.pop();
    } else if (segment !== '' && segment !== '.') {
      kept.push(segment);
    }
  }
  const slash = kept.length > 0 && segments[segments.length - 1] === '' ? '/' : '';
  return asByteString(`/${kept.join('/')}${slash}`);
}

/**
 * A decoded path (a byte string) in the form for a `Location`: every byte except `A-Za-z0-9-_.~$&+,/:;=@` becomes `%XX`
 * in upper case (docs/contract.md section 1).
 */
export function escapePath(path: ByteString): string {
  let escaped = '';
  for (let i = 0; i < path.length; i++) {
    const char = path.charAt(i);
    escaped += UNESCAPED.indexOf(char) >= 0 ? char : escapeByte(path.charCodeAt(i));
  }
  return escaped;
}

function escapeByte(byte: number): string {
  return `%${HEX.charAt(byte >> 4)}${HEX.charAt(byte & 15)}`;
}
