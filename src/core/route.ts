import { asByteString } from '../tree/byte-string.ts';
import type { ByteString } from '../tree/byte-string.ts';
import { BROWSE, RELEASE } from '../tree/layout.ts';
import { parseStrictVersion } from './version.ts';
import { escapePath } from './path.ts';
import { textBody } from './response.ts';
import type { Answer } from './response.ts';

/*
 * Routes a clean, decoded path to its answer (docs/contract.md section 1). Edge-plain; paths are byte strings.
 */

export type Route =
  | { readonly kind: 'home' | 'search' | 'categories' | 'favicon' | 'release' | 'health' | 'none' | 'bad-version' }
  | { readonly kind: 'redirect'; readonly path: ByteString }
  /** The route of what a path below `/artifacts/` stands for, on sites that answer there. */
  | { readonly kind: 'artifact'; readonly found: Route }
  | PageRoute
  | RevisionRoute;

/** A route below the folder of the pages, which the site may have or not. */
export interface PageRoute {
  readonly kind: 'page';
  /** The path in the site, without a slash at its end. */
  readonly path: ByteString;
  readonly hasSlash: boolean;
}

/** A route to one revision, which the site may hold or not. Its version is a strict one. */
export interface RevisionRoute {
  readonly kind: 'index' | 'file' | 'zip' | 'signature';
  readonly name: ByteString;
  readonly version: ByteString;
  /** The path inside the package, for the kind `file`; '' for the others. */
  readonly file: ByteString;
}

/** The route of a path, or the redirect to its form with or without the slash at the end. */
export function route(path: ByteString): Route {
  const fixed = fixedRoute(path);
  if (fixed) return fixed;
  const hasSlash = path.length > 1 && path.charAt(path.length - 1) === '/';
  const bare = hasSlash ? path.slice(0, -1) : path;
  if (hasSlash && fixedRoute(bare)) return { kind: 'redirect', path: bare };
  const segments = bare.slice(1).split('/');
  if (segments[0] === 'package') return packageRoute(bare, segments, hasSlash);
  if (segments[0] === 'artifacts') return { kind: 'artifact', found: hasSlash ? NONE : storedRoute(segments) };
  if (segments[0] === 'epr' && segments.length === 3 && segments[1] !== '')
    return artifactRoute(bare, segments[2] as ByteString, hasSlash);
  if (segments[0] === BROWSE) return { kind: 'page', path: bare.slice(1), hasSlash };
  return NONE;
}

/** The 301 to a clean path. It keeps the query and has no body. */
export function redirectToPath(location: string, query: ByteString | undefined): Answer {
  const target = withQuery(location, query);
  return {
    kind: 'answer',
    status: 301,
    headers: [
      ['Location', target],
      ['Content-Length', '0'],
    ],
    body: undefined,
  };
}

/** The 301 to the other form of a trailing slash. */
export function redirectToRoute(path: ByteString, query: ByteString | undefined): Answer {
  const location = withQuery(escapePath(path), query);
  const text = `<a href="${escapeHtml(location)}">Moved Permanently</a>.\n\n`;
  return {
    kind: 'answer',
    status: 301,
    headers: [
      ['Access-Control-Allow-Origin', '*'],
      ['Content-Type', 'text/html; charset=utf-8'],
      ['Location', location],
      ['Content-Length', String(text.length)],
    ],
    body: textBody(asByteString(text)),
  };
}

const NO_FILE = asByteString('');
const NONE: Route = { kind: 'none' };

function fixedRoute(path: string): Route | undefined {
  switch (path) {
    case '/':
    case '/index.json':
      return { kind: 'home' };
    case '/health':
      return { kind: 'health' };
    case '/favicon.ico':
      return { kind: 'favicon' };
    case '/search':
      return { kind: 'search' };
    case '/categories':
      return { kind: 'categories' };
    case `/${RELEASE}`:
      return { kind: 'release' };
    default:
      return undefined;
  }
}

function packageRoute(bare: ByteString, segments: readonly ByteString[], hasSlash: boolean): Route {
  const name = segments[1];
  const version = segments[2];
  if (name === undefined || version === undefined || name === '' || version === '') return NONE;
  if (segments.length > 3) {
    if (bare.indexOf('\n') >= 0) return NONE;
    if (hasSlash) return { kind: 'redirect', path: bare };
    return revisionRoute({ kind: 'file', name, version, file: asByteString(segments.slice(3).join('/')) });
  }
  // The path of a package's index ends with a slash. With an invalid name, it is the path of a file.
  if (!isName(name)) return hasSlash ? { kind: 'redirect', path: bare } : NONE;
  return hasSlash
    ? revisionRoute({ kind: 'index', name, version, file: NO_FILE })
    : { kind: 'redirect', path: asByteString(`${bare}/`) };
}

function artifactRoute(bare: ByteString, file: ByteString, hasSlash: boolean): Route {
  const dash = file.indexOf('-');
  const name = file.slice(0, dash < 0 ? 0 : dash);
  const rest = file.slice(dash + 1);
  const kind = endsWith(rest, '.zip') ? 'zip' : endsWith(rest, '.zip.sig') ? 'signature' : undefined;
  if (!kind || !isName(name)) return NONE;
  const version = rest.slice(0, rest.length - (kind === 'zip' ? 4 : 8));
  if (version === '') return NONE;
  return hasSlash ? { kind: 'redirect', path: bare } : revisionRoute({ kind, name, version, file: NO_FILE });
}

/** The zips, signatures and files of packages where the storage of a registry has them. */
function storedRoute(segments: readonly ByteString[]): Route {
  const last = segments[2];
  if (last === undefined) return NONE;
  if (segments[1] === 'packages' && segments.length === 3) return artifactRoute(last, last, false);
  const dash = last.indexOf('-');
  const name = asByteString(last.slice(0, dash < 0 ? 0 : dash));
  const version = asByteString(last.slice(dash + 1));
  if (segments[1] !== 'static' || segments.length < 4 || !isName(name)) return NONE;
  return revisionRoute({ kind: 'file', name, version, file: asByteString(segments.slice(3).join('/')) });
}

function revisionRoute(found: RevisionRoute): Route {
  return parseStrictVersion(found.version) ? found : { kind: 'bad-version' };
}

/** Whether a text can be the name of a package: `[a-z0-9_]+`. */
export function isName(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (NAME.indexOf(text.charAt(i)) < 0) return false;
  return text !== '';
}

const NAME = 'abcdefghijklmnopqrstuvwxyz0123456789_';

function endsWith(text: string, end: string): boolean {
  return text.length >= end.length && text.slice(text.length - end.length) === end;
}

function withQuery(location: string, query: string | undefined): string {
  return query === undefined ? location : `${location}?${query}`;
}

function escapeHtml(text: string): string {
  return text
    .split('&')
    .join('&amp;')
    .split('<')
    .join('&lt;')
    .split('>')
    .join('&gt;')
    .split('"')
    .join('&#34;')
    .split("'")
    .join('&#39;');
}
