import { piecesLength } from '../../../core/compose.ts';
import type { Piece } from '../../../core/compose.ts';
import type { Columns } from '../../../core/columns.ts';
import { INDEX, indexFilePath } from '../../../tree/layout.ts';
import { parseNames } from '../../../tree/names.ts';
import { writeBytes } from './bytes.ts';
import { isFile, isReadInto, readText, sizeOf, withOpen } from './files.ts';

/*
 * The index of a site in nginx. Columns are preloaded, because each request runs in a fresh VM. Of the rows, it reads
 * only the ranges that an answer needs. Paths are byte strings.
 */

/** Columns, and the file with the rows of the same build. */
export interface Index {
  readonly columns: Columns;
  readonly rows: string;
}

/** The columns with which nginx started, and the names of their file and of the rows. */
export interface Preloaded {
  readonly columns: Columns;
  readonly columnsName: string;
  readonly rowsName: string;
}

/**
 * The index of the site in a folder; undefined where it is missing, broken, or of two builds. Throws where it can't be read. A site that was put in the
 * place of the one that nginx started with is answered by its own columns, read anew for each request until a reload.
 */
export function openIndex(folder: string, preloaded: Preloaded): Index | undefined {
  // The name of the rows follows from their content, and they are removed together with their site.
  if (isFile(`${folder}/${indexFilePath(preloaded.columnsName)}`))
    return { columns: preloaded.columns, rows: `${folder}/${indexFilePath(preloaded.rowsName)}` };
  // Tries again, because the site may be replaced between two reads.
  return readIndex(folder) || readIndex(folder);
}

/** The index of the site that is there now. */
export function readIndex(folder: string): Index | undefined {
  const names = parsed(readText(`${folder}/${INDEX}`), parseNames);
  const columns = names && parsed(readText(`${folder}/${indexFilePath(names.columns)}`), parseColumns);
  if (!names || !columns || columns.build !== names.build) return undefined;
  return { columns, rows: `${folder}/${indexFilePath(names.rows)}` };
}

/** A text that is cut off or something else is as good as none. */
function parsed<Result>(text: string | undefined, parse: (text: string) => Result): Result | undefined {
  try {
    return text === undefined ? undefined : parse(text);
  } catch {
    return undefined;
  }
}

function parseColumns(text: string): Columns {
  return JSON.parse(text) as Columns;
}

/** A body as bytes. Throws where the rows lack some, are of another build than the columns, or can't be read. */
export function joinPieces(pieces: readonly Piece[], index: Index): Buffer {
  const joined = Buffer.alloc(piecesLength(pieces));
  withOpen(index.rows, (file) => {
    if (!isOfBuild(file, index.columns)) throw new Error('the rows are of another build than the columns');
    let at = 0;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as Piece;
      if (typeof piece === 'string') {
        writeBytes(joined, piece, at);
        at += piece.length;
      } else {
        if (!isReadInto(file, joined, { from: piece.start, to: piece.end, at })) throw new Error('the rows end early');
        at += piece.end - piece.start;
      }
    }
  });
  return joined;
}

function isOfBuild(rows: number, columns: Columns): boolean {
  const head = `${columns.build}\n`;
  const bytes = Buffer.alloc(head.length);
  if (sizeOf(rows) !== columns.bytes) return false;
  return isReadInto(rows, bytes, { from: 0, to: head.length, at: 0 }) && bytes.toString('utf8') === head;
}
