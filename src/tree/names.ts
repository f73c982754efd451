/*
 * `index.json` names the current columns and rows. Edge-plain.
 */

/** The names of the files of an index (`layout.ts`, `indexFilePath`), and their build. */
export interface IndexNames {
  readonly build: string;
  readonly columns: string;
  readonly rows: string;
}

/** Parses the text of `index.json`. Throws an Error if it names no columns and rows. */
export function parseNames(text: string): IndexNames {
  const names = JSON.parse(text) as Partial<IndexNames> | null;
  if (!names || typeof names.columns !== 'string' || typeof names.rows !== 'string' || typeof names.build !== 'string')
    throw new Error('index.json names no columns and rows');
  return { build: names.build, columns: names.columns, rows: names.rows };
}
