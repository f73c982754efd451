import pLimit from 'p-limit';
import type { Category } from '../config.ts';
import type { Revision } from '../storage/storage.ts';
import type { Columns } from '../core/columns.ts';
import type { EntryReader, ReadEntry } from '../build/cache/entries.ts';
import type { Entry } from '../build/entry.ts';
import { indexFiles } from '../build/index-files.ts';

/** Reads revisions, some at once, in their order. */
export async function readEntries(reader: EntryReader, revisions: readonly Revision[]): Promise<ReadEntry[]> {
  const limit = pLimit(REVISIONS_AT_ONCE);
  return await Promise.all(revisions.map((revision) => limit(() => reader.read(revision))));
}

/** Enough to keep git answering while others are parsed. */
const REVISIONS_AT_ONCE = 16;

/** What queries ask of these entries, given in the order of answers; without rows, so it finds but does not answer. */
export function columnsOf(entries: readonly Entry[], categories: readonly Category[]): Columns {
  const revisions = entries.map(({ revision: { name, version }, facts }) => ({
    name,
    version,
    facts,
    row: '',
    variants: [],
  }));
  const cache = { index: 0, search: 0, categories: 0, files: 0 };
  return indexFiles(revisions, { home: '', cache, categories }).columns;
}
