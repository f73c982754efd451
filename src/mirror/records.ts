import { appendFileSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { isAbsence } from '../errors.ts';
import type { RevisionId } from '../storage/storage.ts';
import { writeAside } from '../tree/commit/aside.ts';
import { clearLeftovers, removeNow, temporaryName } from '../tree/commit/leftovers.ts';
import { makeFolder } from '../tree/make-folder.ts';
import type { HeldFile, Listed } from './mirroring.ts';

/** What the cache holds of a revision, after all checks. */
export interface HeldRecord {
  readonly id: RevisionId;
  readonly zip: Omit<HeldFile, 'file'>;
  /** Undefined if there is none, or none is held yet. */
  readonly signature?: Omit<HeldFile, 'file'> | undefined;
  /** The digest of the keys by which the signature was verified; '' or undefined if it was not. */
  readonly keys?: string | undefined;
}

/** The list of a registry as it was when the cache was last up to date with it. */
export interface KeptList {
  /** The ranges of spec versions for which the registry was asked. */
  readonly ranges: readonly string[];
  readonly listed: readonly KeptEntry[];
  /** Revisions that the cache holds, and the registry no longer lists. */
  readonly gone: readonly KeptEntry[];
}

/** A revision of a list. */
export type KeptEntry = Omit<Listed, 'id'>;

/** What is known of one registry from run to run. */
export interface Records {
  get(id: RevisionId): HeldRecord | undefined;
  ids(): Iterable<RevisionId>;
  /** Keeps a record at once: whatever happens next, the revision is not fetched again. */
  set(record: HeldRecord): void;
  /** Forgets revisions. */
  drop(ids: ReadonlySet<RevisionId>): void;
  /** Undefined if there is none, or it is damaged. */
  readList(): KeptList | undefined;
  writeList(list: KeptList): void;
}

/**
 * Opens the records in a folder. `held.ndjson` has a line for each record, with its CRC-32, and the last one of a revision counts. A line
 * that a kill cut short doesn't count.
 */
export function openRecords(folder: string): Records {
  makeFolder(folder);
  clearLeftovers(folder, '');
  const file = join(folder, 'held.ndjson');
  const list = join(folder, 'list.json');
  for (const path of [file, list]) if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) removeNow(path);
  const records = new Map<RevisionId, HeldRecord>();
  for (const line of (readIfThere(file) ?? '').split('\n')) {
    const text = unsealed(line);
    if (text === undefined) continue;
    const record = JSON.parse(text) as HeldRecord;
    records.set(record.id, record);
  }
  return {
    get: (id) => records.get(id),
    ids: () => records.keys(),
    set: (record) => {
      if (isDeepStrictEqual(records.get(record.id), record)) return;
      records.set(record.id, record);
      appendFileSync(file, `\n${sealed(JSON.stringify(record))}\n`);
    },
    drop: (ids) => {
      if (ids.size === 0) return;
      for (const id of ids) records.delete(id);
      write(file, [...records.values()].map((record) => `${sealed(JSON.stringify(record))}\n`).join(''));
    },
    readList: () => {
      const text = unsealed(readIfThere(list) ?? '');
      if (text === undefined) return undefined;
      const { format, ...kept } = JSON.parse(text) as KeptList & { readonly format?: number };
      return format === LIST_FORMAT ? kept : undefined;
    },
    writeList: (kept) => write(list, sealed(JSON.stringify({ format: LIST_FORMAT, ...kept }))),
  };
}

/** Increase it when the form of kept lists changes. */
const LIST_FORMAT = 2;

function write(path: string, text: string): void {
  writeAside({ path, temporary: temporaryName(path) }, (temporary) => {
    writeFileSync(temporary, text);
    return true;
  });
}

function sealed(text: string): string {
  return `${text} ${crc32(text)}`;
}

/** Undefined of a text that isn't whole. */
function unsealed(line: string): string | undefined {
  const end = line.lastIndexOf(' ');
  const text = line.slice(0, Math.max(0, end));
  return end > 0 && line.slice(end + 1) === String(crc32(text)) ? text : undefined;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
