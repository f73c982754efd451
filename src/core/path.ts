import { percentDecode } from './query-string.ts';

/**
 * What the path of a request target comes to: one whose escapes don't parse, one to be redirected to its
 * clean form, or a clean and decoded path to be routed.
 */
export type RequestPath =
  | { readonly kind: 'bad' }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'path'; readonly path: string };

const UNESCAPED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~$&+,/:;=@';
const HEX = '0123456789ABCDEF';

/**
 * Reads the path of a request target as it was sent: a byte string, without the query. A redirect's
 * `location` is ASCII and lacks the query, a path is a decoded byte string.
 * The rule is in section 1 of the contract; `recorded/rules/paths` has examples.
 */
export function readPath(rawPath: string): RequestPath {
  const path = percentDecode(rawPath);
  if (path === undefined) {
    return { kind: 'bad' };
  }
  const clean = cleanPath(path);
  return clean === path ? { kind: 'path', path } : { kind: 'redirect', location: escapePath(clean) };
}

/**
 * A decoded path with its empty, `.` and `..` segments resolved (RFC 3986, 5.2.4, with empty segments
 * removed as well). It starts with `/`, and ends with one where the given path did: `/a/.` is `/a`,
 * unlike in the RFC.
 */
export function cleanPath(path: string): string {
  const segments = path.split('/');
  const kept: string[] = [];
  for (let i = 0; i < segments.length; i++) {
    const segment = String(segments[i]);
    if (segment === '..') {
      kept.pop();
    } else if (segment !== '' && segment !== '.') {
      kept.push(segment);
    }
  }
  const slash = kept.length > 0 && segments[segments.length - 1] === '' ? '/' : '';
  return `/${kept.join('/')}${slash}`;
}

/**
 * A decoded path (a byte string) as it is written in a `Location`: every byte but
 * `A-Za-z0-9-_.~$&+,/:;=@` as `%XX` in upper case (section 1 of the contract).
 */
export function escapePath(path: string): string {
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
