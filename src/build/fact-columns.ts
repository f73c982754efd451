import type { Category } from '../config.ts';
import type { Columns } from '../core/columns.ts';
import { indexFiles } from './index-files.ts';
import type { IndexedRevision } from './index-files.ts';

/**
 * The columns of revisions, which are in the order of answers. They have no rows, so they can find revisions and not answer. A query for
 * a category needs the table.
 */
export function factColumns(
  revisions: readonly Pick<IndexedRevision, 'name' | 'version' | 'facts'>[],
  categories: readonly Category[],
): Columns {
  const bare = revisions.map(({ name, version, facts }) => ({ name, version, facts, row: '', variants: [] }));
  const cache = { index: 0, search: 0, categories: 0, files: 0 };
  return indexFiles(bare, { home: '', cache, categories }).columns;
}
