/*
 * `index.json`: which columns and rows are current. Edge-plain.
 */

/** The names of an index's files (`layout.ts`, `indexFilePath`), and the build that both belong to. */
export interface IndexNames {
  readonly build: string;
  readonly columns: string;
  readonly rows: string;
}

/** Reads the text of `index.json`. Throws an Error where it names no columns and rows. */
export function parseNames(text: string): IndexNames {
  const names = JSON.parse(text) as Partial<IndexNames> | null;
  if (!names || typeof names.columns !== 'string' || typeof names.rows !== 'string' || typeof names.build !== 'string')
    throw new Error('index.json names no columns and rows');
  return { build: names.build, columns: names.columns, rows: names.rows };
}
