import type { Columns } from '../../core/columns.ts';
import type { Piece } from '../../core/compose.ts';
import type { ByteString } from '../../tree/byte-string.ts';
import { INDEX, indexFilePath } from '../../tree/layout.ts';
import { parseNames } from '../../tree/names.ts';
import { lineOf, UnreadableFile } from './site-files.ts';
import type { Log, SiteFiles } from './site-files.ts';

/** Columns and rows of one build. */
export interface Index {
  readonly columns: Columns;
  readonly rows: Uint8Array;
  /** When the site last changed, as far as the host knows: seconds since 1970. */
  readonly changed: number;
}

/**
 * Reads the index; undefined where the site has none. Throws an `UnreadableFile` where a part of it is missing, broken or of another
 * build, and whatever reading throws. A host that can't tell when the site changed knows that it hasn't since now.
 */
export async function loadIndex(
  files: Pick<SiteFiles, 'bytes'>,
  changed = Math.floor(Date.now() / 1000),
): Promise<Index | undefined> {
  const text = await files.bytes(INDEX);
  if (!text) return undefined;
  const names = parsed(INDEX, text, parseNames);
  const [columns, rows] = await Promise.all([partOf(files, names.columns), partOf(files, names.rows)]);
  const index = { columns: parsed(columns.path, columns.bytes, parseColumns), rows: rows.bytes, changed };
  if (!isOneBuild(index))
    throw new UnreadableFile(rows.path, `it is not whole, or not of the build of ${columns.path}`);
  return index;
}

/** The same, for hosts whose site never changes: undefined where the index can't be read, and the log says why. */
export async function loadIndexOrLog(files: Pick<SiteFiles, 'bytes'>, log: Log): Promise<Index | undefined> {
  return await loadIndex(files).catch((error: unknown) => {
    if (!(error instanceof UnreadableFile)) throw error;
    log(lineOf(error));
    return undefined;
  });
}

async function partOf(files: Pick<SiteFiles, 'bytes'>, name: string): Promise<{ path: string; bytes: Uint8Array }> {
  const path = indexFilePath(name);
  const bytes = await files.bytes(path);
  if (!bytes) throw new UnreadableFile(path, `it is missing, and ${INDEX} names it`);
  return { path, bytes };
}

function parsed<Value>(path: string, bytes: Uint8Array, parse: (text: string) => Value): Value {
  try {
    return parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new UnreadableFile(path, error); // the bytes are there and are not what a build writes
  }
}

function parseColumns(text: string): Columns {
  const columns = JSON.parse(text) as Partial<Columns> | null;
  if (!columns || typeof columns.build !== 'string' || !columns.revisions || !columns.cache || !columns.answers)
    throw new Error('it holds no columns');
  return columns as Columns;
}

function isOneBuild({ columns, rows }: Pick<Index, 'columns' | 'rows'>): boolean {
  const head = `${columns.build}\n`;
  return rows.length === columns.bytes && new TextDecoder().decode(rows.subarray(0, head.length)) === head;
}

/** The bytes of a body's pieces. */
export function joinPieces(pieces: readonly Piece[], rows: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts = pieces.map((piece) =>
    typeof piece === 'string' ? toBytes(piece) : rows.subarray(piece.start, piece.end),
  );
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The bytes of a byte string. */
export function toBytes(text: ByteString): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}
