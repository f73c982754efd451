import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeFolder } from '../tree/make-folder.ts';
import { cacheFolder } from '../cache-folders.ts';
import { isAbsence } from '../errors.ts';
import { renameOver, temporaryName } from '../tree/commit/leftovers.ts';
import type { FolderRecord } from './folder-trees.ts';

/*
 * The records of folders from run to run, a file for each root. It holds four texts a folder, each with a NUL behind it, which
 * no path and no record has; then the CRC-32 of all that.
 */

/** Where the records of a root are kept. */
export function recordsFile(cache: string, root: string): string {
  return join(cacheFolder(cache, 'stats'), createHash('sha256').update(root).digest('hex').slice(0, 40));
}

/** The records in a file, by folder; none where it is missing, was cut short or altered. */
export function readRecords(file: string): Map<string, FolderRecord> {
  const records = new Map<string, FolderRecord>();
  const bytes = readIfThere(file);
  if (bytes.length < CRC_BYTES || crc32(bytes.subarray(0, -CRC_BYTES)) !== bytes.readUInt32BE(bytes.length - CRC_BYTES))
    return records;
  const [format, ...texts] = bytes.toString('utf8', 0, bytes.length - CRC_BYTES).split('\0');
  if (format !== FORMAT) return records;
  for (let i = 0; i + 4 <= texts.length; i += 4) {
    const [folder = '', tree = '', stats = '', ids = ''] = texts.slice(i, i + 4);
    records.set(folder, { tree, stats, ids });
  }
  return records;
}

/** Writes records to a file, which is there once it is whole. */
export function writeRecords(file: string, records: ReadonlyMap<string, FolderRecord>): void {
  makeFolder(dirname(file));
  const temporary = temporaryName(file);
  const handle = openSync(temporary, 'w');
  let crc = 0;
  try {
    for (const text of pieces(records)) {
      const bytes = Buffer.from(text);
      crc = crc32(bytes, crc);
      writeSync(handle, bytes);
    }
    const end = Buffer.alloc(CRC_BYTES);
    end.writeUInt32BE(crc);
    writeSync(handle, end);
  } finally {
    closeSync(handle);
  }
  renameOver(temporary, file);
}

/** Changes with what is kept. */
const FORMAT = '2';
const CRC_BYTES = 4;

/** Texts that are worth a write each, yet small beside the whole. */
function* pieces(records: ReadonlyMap<string, FolderRecord>): Generator<string> {
  let text = `${FORMAT}\0`;
  for (const [folder, { tree, stats, ids }] of records) {
    text += `${folder}\0${tree}\0${stats}\0${ids}\0`;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** In characters. */
const PIECE = 2 ** 20;

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isAbsence(error) || (error as NodeJS.ErrnoException).code === 'EISDIR') return Buffer.alloc(0);
    throw error;
  }
}
