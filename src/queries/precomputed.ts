import type { Columns } from './columns.ts';
import type { Query } from './parse.ts';

/*
 * The precomputed answers, and the key of a query among them. Edge-plain.
 */

export interface Precomputed {
  /** Relative to the site's folder. */
  readonly path: string;
  readonly entry: readonly [size: number, digest: string, type: string];
}

/** The precomputed answer of a query, if there is one. */
export function precomputedAnswer(columns: Columns, query: Query): Precomputed | undefined {
  const at = columns.answers.search.length > 0 && query.endpoint === 'search' ? 0 : -1;
  if (at < 0) return undefined;
  return undefined;
}
