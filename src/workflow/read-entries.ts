import type { Category, Tables } from '../config.ts';
import type { KeyFile } from '../config.ts';
import { judge } from '../package/judge.ts';
import type { Revision, Storage } from '../storage/storage.ts';
import type { Columns } from '../core/columns.ts';
import { entryReader } from '../build/cache/entries.ts';
import type { ReadEntry } from '../build/cache/entries.ts';
import type { Entry } from '../build/entry.ts';
import { factColumns } from '../build/fact-columns.ts';
import { verifySignatures } from './verify-signatures.ts';

/** The rules for reading revisions, and the folder that keeps the results. Undefined keeps nothing. */
export interface ReadingRules {
  readonly storage: Storage;
  readonly tables: Tables;
  readonly signatures: 'optional' | 'required';
  readonly cache: string | undefined;
  /** The keys that must have signed packages; undefined if signatures are not verified. */
  readonly keys?: readonly KeyFile[] | undefined;
}

/** Reads revisions as a build does, in their order. The `findings` of each are everything that makes it unfit. */
export async function readEntries(
  rules: ReadingRules,
  revisions: readonly Revision[],
  onRead?: (done: number) => void,
): Promise<ReadEntry[]> {
  const { storage, tables, signatures, cache, keys } = rules;
  const reader = entryReader(storage, { tables, signatures, keysOf: () => keys }, cache);
  const judged = await judge(storage, (revision) => reader.read(revision), { revisions, onRead });
  const signed = keys === undefined ? judged : await verifySignatures({ storage, keys, cache }, judged);
  return signed.map((read) => Object.assign({}, read, { entry: read.findings.length === 0 ? read.entry : undefined }));
}

/** The columns of these entries, which are in the order of answers, without rows. */
export function columnsOf(entries: readonly Entry[], categories: readonly Category[]): Columns {
  const revisions = entries.map(({ revision: { name, version }, facts }) => ({ name, version, facts }));
  return factColumns(revisions, categories);
}
