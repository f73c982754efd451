import { ENCODED, isGenerated } from '../../../tree/layout.ts';

/*
 * The compressed forms of a site's files: where they lie, and which of them a client accepts (RFC 9110 section 12.5.3).
 * Edge-plain; the build (hosts/nginx/encoded.ts) writes them by the same functions.
 */

/** A content coding, as in `Content-Encoding`. */
export type Coding = 'br' | 'gzip';

/** The coding with the smaller results first. */
export const CODINGS: readonly Coding[] = ['br', 'gzip'];

/** Whether files of a media type are worth compressing. */
export function isCompressible(type: string): boolean {
  const name = (type.split(';')[0] as string).trim().toLowerCase();
  return name.slice(0, 5) === 'text/' || COMPRESSIBLE.indexOf(name) >= 0;
}

const COMPRESSIBLE = ['application/json', 'application/wasm', 'image/svg+xml', 'image/x-icon'];

/**
 * The path of the compressed form of a site's file. A plain rule of nginx knows only the path of a file, so what plain rules serve
 * has its form by its path: beside a generated file, and in a folder of its own for what Kibana shows of packages. The form of any
 * other file lies by its content, so that a content of many packages has one form. `digest` is the SHA-256 of the file, or at least
 * its first 32 digits.
 */
export function encodedPath(path: string, digest: string, coding: Coding): string {
  const extension = coding === 'br' ? 'br' : 'gz';
  if (isGenerated(path)) return `${path}.${extension}`;
  if (isShown(path)) return `${ENCODED}/${path}.${extension}`;
  const name = digest.slice(0, 32);
  return `${ENCODED}/${name.slice(0, 2)}/${name}.${extension}`;
}

/** The texts of a package that Kibana shows, and so asks for, by extension: patterns of paths in a package. */
export const SHOWN = { svg: 'img/[^/]+\\.svg', md: 'docs/[^/]+\\.md', yml: 'changelog\\.yml' };

/** A pattern of the folder of a revision in a site. */
export const REVISION = 'package/[a-z0-9_]+/[^/]+';

/** Whether a path of a site is one of these texts. */
export function isShown(path: string): boolean {
  return SHOWN_PATH.test(path);
}

const SHOWN_PATH = new RegExp(`^${REVISION}/(?:${SHOWN.svg}|${SHOWN.md}|${SHOWN.yml})$`);

/** The codings that an `Accept-Encoding` accepts, best first, and the smaller first among equals. `*` names none. */
export function acceptedCodings(accept: string | undefined): Coding[] {
  const weights = weightsOf(accept || '');
  return CODINGS.filter((coding) => (weights[coding] || 0) > 0).sort(
    (a, b) => (weights[b] as number) - (weights[a] as number) || CODINGS.indexOf(a) - CODINGS.indexOf(b),
  );
}

/** Whether nginx's own gzip may compress an answer. If it may, the tag must be weak. */
export function gzipOnTheWay(accept: string | undefined): 'yes' | 'no' | 'unsure' {
  const written = (accept || '').toLowerCase();
  if (written.indexOf('gzip') < 0) return 'no';
  const parts = written.split(',').map((part) => part.trim());
  return parts.indexOf('gzip') >= 0 && written.split('gzip').length === 2 ? 'yes' : 'unsure';
}

interface Weights {
  [coding: string]: number;
}

function weightsOf(accept: string): Weights {
  const weights: Weights = Object.create(null);
  const parts = accept.toLowerCase().split(',');
  for (let i = 0; i < parts.length; i++) {
    const fields = (parts[i] as string).split(';').map((field) => field.trim());
    const weight = fields.find((field) => field.slice(0, 2) === 'q=');
    weights[fields[0] as string] = weight === undefined ? 1 : Number(weight.slice(2));
  }
  return weights;
}
