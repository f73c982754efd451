import fs from 'node:fs';
import { piecesLength } from '../../../core/compose.ts';
import type { Piece } from '../../../core/compose.ts';
import type { Columns } from '../../../core/columns.ts';
import { INDEX, indexFilePath } from '../../../tree/layout.ts';
import { parseNames } from '../../../tree/names.ts';
import { toBytes, writeBytes } from './bytes.ts';

/*
 * A site's index in nginx: the columns are preloaded, since each request runs in a fresh VM; of the rows only what an
 * answer needs is read. Paths are byte strings.
 */

/** Columns, and the file of the rows of the same build. */
export interface Index {
  readonly columns: Columns;
  readonly rows: string;
}

/** The columns that nginx started with, and the names that they and their rows have in a site. */
export interface Preloaded {
  readonly columns: Columns;
  readonly columnsName: string;
  readonly rowsName: string;
}

/**
 * The index of the site in a folder; undefined where it is missing, broken, or of two builds. A site that was put in the
 * place of the one that nginx started with is answered by its own columns, read anew for each request until a reload.
 */
export function openIndex(folder: string, preloaded: Preloaded): Index | undefined {
  // Its name says what is in it, and it goes with the site that it belongs to.
  if (isFile(`${folder}/${indexFilePath(preloaded.columnsName)}`))
    return { columns: preloaded.columns, rows: `${folder}/${indexFilePath(preloaded.rowsName)}` };
  // A second try, since the site may be replaced between two reads.
  return readIndex(folder) || readIndex(folder);
}

/** The same, of the site as it lies there now. */
export function readIndex(folder: string): Index | undefined {
  try {
    const names = parseNames(readText(`${folder}/${INDEX}`));
    const columns = JSON.parse(readText(`${folder}/${indexFilePath(names.columns)}`)) as Columns;
    return columns.build === names.build ? { columns, rows: `${folder}/${indexFilePath(names.rows)}` } : undefined;
  } catch {
    return undefined;
  }
}

/** A body as bytes. Throws an Error where the rows lack some, or are of another build than the columns. */
export function joinPieces(pieces: readonly Piece[], index: Index): Buffer {
  const joined = Buffer.alloc(piecesLength(pieces));
  const file = fs.openSync(toBytes(index.rows), 'r');
  try {
    checkBuild(file, index.columns);
    let at = 0;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as Piece;
      if (typeof piece === 'string') {
        writeBytes(joined, piece, at);
        at += piece.length;
      } else {
        readInto(file, joined, { from: piece.start, to: piece.end, at });
        at += piece.end - piece.start;
      }
    }
  } finally {
    fs.closeSync(file);
  }
  return joined;
}

function checkBuild(rows: number, columns: Columns): void {
  const head = `${columns.build}\n`;
  const bytes = Buffer.alloc(head.length);
  readInto(rows, bytes, { from: 0, to: head.length, at: 0 });
  if (fs.fstatSync(rows).size !== columns.bytes || bytes.toString('utf8') !== head)
    throw new Error('the rows are of another build than the columns');
}

/** Reads the bytes `from` up to `to` of a file into `target` from `at` on. */
function readInto(file: number, target: Buffer, place: { from: number; to: number; at: number }): void {
  let done = 0;
  const length = place.to - place.from;
  while (done < length) {
    const count = fs.readSync(file, target, place.at + done, length - done, place.from + done);
    if (count === 0) throw new Error('the file ends early');
    done += count;
  }
}

/** The bytes of a file from `start` up to `end`; throws where it has none. */
export function readPart(path: string, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start);
  const file = fs.openSync(toBytes(path), 'r');
  try {
    readInto(file, bytes, { from: start, to: end, at: 0 });
  } finally {
    fs.closeSync(file);
  }
  return bytes;
}

/** A small file of the site; throws where there is none. */
export function readText(path: string): string {
  return fs.readFileSync(toBytes(path), 'utf8');
}

/** Whether there is such a file. */
export function isFile(path: string): boolean {
  const found = fs.statSync(toBytes(path), { throwIfNoEntry: false });
  return found !== undefined && found.isFile();
}

/** The ETag that nginx gives a file that it serves; '' where there is none. */
export function nginxTag(path: string): string {
  const found = fs.statSync(toBytes(path), { throwIfNoEntry: false });
  return found ? `"${Math.floor(found.mtimeMs / 1000).toString(16)}-${found.size.toString(16)}"` : '';
}
