import type { FormPlan } from '../../build/encode.ts';
import { isGenerated } from '../../tree/layout.ts';
import { CODINGS, encodedPath, isCompressible } from './njs/encoding.ts';
import type { Coding } from './njs/encoding.ts';

/*
 * The compressed forms that nginx serves, where no client's request leads but nginx's own: those of what is generated lie beside it,
 * those of packages' files once for each different content in a folder of their own.
 */

/** Which files get compressed forms: all that clients get and that shrink, or only what is generated. */
export type EncodedFiles = 'all' | 'json';

/** The forms that nginx wants. */
export function nginxForms(files: EncodedFiles): FormPlan {
  return ({ path, digest, type, cache }) => {
    const isServed = cache !== 'none' && (files === 'all' || isGenerated(path));
    if (!isServed || !isCompressible(type)) return [];
    return CODINGS.map((coding) => ({
      path: encodedPath(path, digest, coding),
      coding,
      level: LEVELS[coding][isGenerated(path) ? 'generated' : 'own'],
    }));
  };
}

/**
 * Kibana takes gzip and no brotli, so that gzip's best is spent on what Kibana asks all day, and its packages' files come from the
 * streams of the zips. The levels of brotli are the last ones before each further one takes several times as long for 1% less.
 */
const LEVELS: Readonly<Record<Coding, { readonly generated: number; readonly own: number }>> = {
  gzip: { generated: 9, own: 6 },
  br: { generated: 8, own: 5 },
};
