import { ENCODED, isGenerated } from '../../../tree/layout.ts';

/*
 * The compressed forms of a site's files: where they lie, and which of them a client takes (RFC 9110 section 12.5.3).
 * Edge-plain; the build (hosts/nginx/encoded.ts) writes them by the same functions.
 */

/** A content coding, as in `Content-Encoding`. */
export type Coding = 'br' | 'gzip';

/** The smaller first. */
export const CODINGS: readonly Coding[] = ['br', 'gzip'];

/** Whether a media type is one of text that shrinks. */
export function isCompressible(type: string): boolean {
  const name = (type.split(';')[0] as string).trim().toLowerCase();
  return name.slice(0, 5) === 'text/' || COMPRESSIBLE.indexOf(name) >= 0;
}

const COMPRESSIBLE = ['application/json', 'application/wasm', 'image/svg+xml', 'image/x-icon'];

/**
 * Where the compressed form of a file of a site lies: beside it where nginx serves it by a plain rule (what is
 * generated), else by its content, so that what many packages have is kept once. `digest` is its SHA-256, or at least
 * the first 32 digits.
 */
export function encodedPath(path: string, digest: string, coding: Coding): string {
  const extension = coding === 'br' ? 'br' : 'gz';
  if (isGenerated(path)) return `${path}.${extension}`;
  const name = digest.slice(0, 32);
  return `${ENCODED}/${name.slice(0, 2)}/${name}.${extension}`;
}

/** The codings that an `Accept-Encoding` takes, best first; of equal ones the smaller. `*` names none. */
export function acceptedCodings(accept: string | undefined): Coding[] {
  const weights = weightsOf(accept || '');
  return CODINGS.filter((coding) => (weights[coding] || 0) > 0).sort(
    (a, b) => (weights[b] as number) - (weights[a] as number) || CODINGS.indexOf(a) - CODINGS.indexOf(b),
  );
}

/** What nginx's own gzip does with an answer that it could compress; where it isn't sure, the tag must be weak. */
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
