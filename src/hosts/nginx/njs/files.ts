import fs from 'node:fs';
import type { Stats } from 'node:fs';
import { asByteString } from '../../../tree/byte-string.ts';
import { toBytes } from './bytes.ts';

/*
 * The files of a site, as nginx's code reads them. Paths are byte strings. Whatever fails otherwise than by absence throws
 * njs's own exception, which has the `path`.
 */

/** The text of a small file. Undefined if there is none. */
export function readText(path: string): string | undefined {
  return ifThere(() => fs.readFileSync(toBytes(asByteString(path)), 'utf8'));
}

/** The bytes of a file from `start` up to `end`; undefined where it has none there. */
export function readPart(path: string, start: number, end: number): Buffer | undefined {
  return ifThere(() =>
    withOpen(path, (file) => {
      const bytes = Buffer.alloc(end - start);
      return isReadInto(file, bytes, { from: start, to: end, at: 0 }) ? bytes : undefined;
    }),
  );
}

/** What comes of using an open file, which is closed in any case. Throws where there is none. */
export function withOpen<Result>(path: string, use: (file: number) => Result): Result {
  const file = fs.openSync(toBytes(asByteString(path)), 'r');
  try {
    return use(file);
  } finally {
    fs.closeSync(file);
  }
}

/** The bytes of an open file. */
export function sizeOf(file: number): number {
  return fs.fstatSync(file).size;
}

/** Reads the bytes `from` up to `to` of an open file into `target` from `at` on; false where the file ends before. */
export function isReadInto(file: number, target: Buffer, place: { from: number; to: number; at: number }): boolean {
  let done = 0;
  const length = place.to - place.from;
  while (done < length) {
    const count = fs.readSync(file, target, place.at + done, length - done, place.from + done);
    if (count === 0) return false;
    done += count;
  }
  return true;
}

/** Whether there is such a file. */
export function isFile(path: string): boolean {
  const found = statOf(path);
  return found !== undefined && found.isFile();
}

/** The ETag of nginx for a file that it serves; '' if there is no file. */
export function nginxTag(path: string): string {
  const found = statOf(path);
  return found ? `"${Math.floor(found.mtimeMs / 1000).toString(16)}-${found.size.toString(16)}"` : '';
}

/** When a file was last put in its place, in seconds since 1970; undefined where there is none. Its own time follows from its content. */
export function changeTime(path: string): number | undefined {
  const found = statOf(path);
  return found && Math.floor(found.ctimeMs / 1000);
}

function statOf(path: string): Stats | undefined {
  return ifThere(() => fs.statSync(toBytes(asByteString(path)), { throwIfNoEntry: false }));
}

function ifThere<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (ABSENCES.indexOf(String((error as FileError).code)) >= 0) return undefined;
    throw error;
  }
}

/** Nothing is there, or nothing can be there: a name that is too long comes from a client. */
const ABSENCES = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'];

/** The exception of njs if a file can't be read. */
interface FileError {
  readonly code?: string;
  readonly path?: string;
}

/** The file that an exception says can't be read; '' of every other exception. */
export function unreadableFile(error: unknown): string {
  return String((error as FileError).path || '');
}
