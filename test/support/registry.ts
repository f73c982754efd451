import type { Category } from '../../src/config.ts';
import { composeBody } from '../../src/core/compose.ts';
import type { Piece } from '../../src/core/compose.ts';
import { asByteString } from '../../src/tree/byte-string.ts';
import { parseQuery } from '../../src/core/query.ts';
import type { Query } from '../../src/core/query.ts';
import { parseQueryString } from '../../src/core/query-string.ts';
import { indexFiles } from '../../src/build/index-files.ts';
import type { IndexedRevision, IndexFiles, QueryFacts } from '../../src/build/index-files.ts';

/** A table of a parent with two sub-categories, and one that is alone. */
export const CATEGORIES: readonly Category[] = [
  { id: 'security', title: 'Security' },
  { id: 'iam', title: 'Identity', parent: 'security' },
  { id: 'edr', title: 'Endpoint', parent: 'security' },
  { id: 'web', title: 'Web' },
];

export const CACHE = { index: 10, search: 600, categories: 601, files: 602 };

/** A revision of the index whose row is its id in brackets, and its row for a category the id and the category. */
export function revision(id: string, facts: Partial<QueryFacts> = {}): IndexedRevision {
  const [name = '', version = ''] = id.split('@');
  const own = new Set(withParents(facts.categories ?? []));
  const variants = withParents((facts.templates ?? []).flat()).filter((category) => !own.has(category));
  return {
    name,
    version,
    facts: { type: 'integration', spec: '3.0.0', ...facts },
    row: `  <${id}>`,
    variants: variants.map((category) => [category, `  <${id} for ${category}>`]),
  };
}

/** The index of revisions, which are given in the order of answers. */
export function indexOf(...revisions: readonly IndexedRevision[]): IndexFiles {
  return indexFiles(revisions, { home: '{}\n', cache: CACHE, categories: CATEGORIES });
}

/** The query of a query string that parses. */
export function queryOf(endpoint: Query['endpoint'], raw: string): Query {
  const parsed = parseQuery(endpoint, parseQueryString(asByteString(raw)));
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.query;
}

/** The body that answers a query string, as bytes in a text. */
export function bodyOf(index: IndexFiles, endpoint: Query['endpoint'], raw: string): string {
  return joinPieces(composeBody(index.columns, queryOf(endpoint, raw)), index.rows);
}

/** What `/search` finds: the ids, or whatever stands between the brackets of a row. */
export function search(index: IndexFiles, raw = ''): string[] {
  return [...bodyOf(index, 'search', raw).matchAll(/<(.*?)>/g)].map((match) => String(match[1]));
}

/** What `/categories` counts. */
export function counts(index: IndexFiles, raw = ''): Record<string, number> {
  const found = JSON.parse(bodyOf(index, 'categories', raw)) as { id: string; count: number }[];
  return Object.fromEntries(found.map(({ id, count }) => [id, count]));
}

export function joinPieces(pieces: readonly Piece[], rows: Buffer): string {
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : rows.toString('latin1', piece.start, piece.end)))
    .join('');
}

function withParents(ids: readonly string[]): string[] {
  const parents = new Map(CATEGORIES.map(({ id, parent }) => [id, parent]));
  return [...new Set(ids.flatMap((id) => [id, parents.get(id) ?? id]))];
}
