import type { FormPlan } from '../../build/encode.ts';
import { isGenerated } from '../../tree/layout.ts';
import { CODINGS, encodedPath, isCompressible, isShown } from './njs/encoding.ts';
import type { Coding } from './njs/encoding.ts';

/*
 * The compressed forms that nginx serves, where no client's request leads but nginx's own: those of what is generated lie beside it,
 * those of packages' files once for each different content in a folder of their own.
 */

/** Which files get compressed forms: all that clients get and that shrink, or only what is generated. */
export type EncodedFiles = 'all' | 'json';

/** The forms that nginx wants. */
export function nginxForms(files: EncodedFiles): FormPlan {
  return ({ path, size, digest, type, cache }) => {
    const isServed = cache !== 'none' && (files === 'all' || isGenerated(path));
    const isWorthIt = size >= LEAST || isGenerated(path) || isShown(path);
    if (!isServed || !isWorthIt || !isCompressible(type)) return [];
    return CODINGS.map((coding) => ({
      path: encodedPath(path, digest, coding),
      coding,
      level: LEVELS[coding][isGenerated(path) ? 'generated' : 'own'],
    }));
  };
}

/** Bytes. As small a file fits into one packet as it is, and nginx compresses none either (`gzip_min_length` in `conf.ts`). */
const LEAST = 1024;

/**
 * Kibana takes gzip and no brotli. So gzip's best level is for what Kibana asks all day; the forms of packages' files come from the
 * streams of the zips. Brotli at 9 takes ten times as long as at 8, for 1% fewer bytes; at 5 instead of 4, it is 7% fewer for a third more time.
 */
const LEVELS: Readonly<Record<Coding, { readonly generated: number; readonly own: number }>> = {
  gzip: { generated: 9, own: 6 },
  br: { generated: 8, own: 4 },
};
