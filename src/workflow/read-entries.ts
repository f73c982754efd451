import type { Category, Tables } from '../config.ts';
import { judge } from '../package/judge.ts';
import type { Revision, Storage } from '../storage/storage.ts';
import type { Columns } from '../core/columns.ts';
import { entryReader } from '../build/cache/entries.ts';
import type { ReadEntry } from '../build/cache/entries.ts';
import type { Entry } from '../build/entry.ts';
import { indexFiles } from '../build/index-files.ts';

/** By which rules revisions are read, and where what was read is kept; undefined keeps nothing. */
export interface ReadingRules {
  readonly storage: Storage;
  readonly tables: Tables;
  readonly signatures: 'optional' | 'required';
  readonly cache: string | undefined;
}

/** Reads revisions as a build does, in their order; `findings` are all that makes each unfit. */
export async function readEntries(
  { storage, tables, signatures, cache }: ReadingRules,
  revisions: readonly Revision[],
  onRead?: (done: number) => void,
): Promise<ReadEntry[]> {
  const reader = entryReader(storage, { tables, signatures }, cache);
  const judged = await judge(storage, (revision) => reader.read(revision), { revisions, onRead });
  return judged.map((read) => Object.assign({}, read, { entry: read.findings.length === 0 ? read.entry : undefined }));
}

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
