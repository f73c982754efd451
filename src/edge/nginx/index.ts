import fs from 'node:fs';
import { piecesLength } from '../../queries/answer.ts';
import type { Piece } from '../../queries/answer.ts';
import type { Columns } from '../../queries/columns.ts';
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

/**
 * The index of the site in a folder; undefined where it is missing, broken, or of two builds. A site that was put in the
 * place of the one that nginx started with is answered by its own columns, read anew for each request until a reload.
 */
export function openIndex(folder: string, preloaded: Columns): Index | undefined {
  // A second try, since the site may be replaced between two reads.
  return tryIndex(folder, preloaded) || tryIndex(folder, preloaded);
}

function tryIndex(folder: string, preloaded: Columns): Index | undefined {
  try {
    const names = JSON.parse(readText(`${folder}/_registry/index.json`)) as Names;
    const isPreloaded = preloaded.build === names.build;
    const columns = isPreloaded ? preloaded : (JSON.parse(readText(`${folder}/_registry/${names.columns}`)) as Columns);
    const rows = `${folder}/_registry/${names.rows}`;
    return columns.build === names.build && isOfBuild(columns, rows) ? { columns, rows } : undefined;
  } catch {
    return undefined;
  }
}

interface Names {
  readonly build: string;
  readonly columns: string;
  readonly rows: string;
}

function isOfBuild(columns: Columns, rows: string): boolean {
  const head = `${columns.build}\n`;
  const bytes = Buffer.alloc(head.length);
  const file = fs.openSync(toBytes(rows), 'r');
  try {
    readInto(file, bytes, { from: 0, to: head.length, at: 0 });
    return fs.fstatSync(file).size === columns.bytes && bytes.toString('utf8') === head;
  } finally {
    fs.closeSync(file);
  }
}

/** A body as bytes. Throws an Error where the rows lack some. */
export function joinPieces(pieces: readonly Piece[], rows: string): Buffer {
  const joined = Buffer.alloc(piecesLength(pieces));
  const file = fs.openSync(toBytes(rows), 'r');
  try {
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
