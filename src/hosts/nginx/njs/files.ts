import fs from 'node:fs';
import type { Stats } from 'node:fs';
import { asByteString } from '../../../tree/byte-string.ts';
import { CHANGE } from '../../../tree/layout.ts';
import { isOf, isRemoved, JOURNAL, OLD, parseJournal, PATCH, untilMoved } from '../../../tree/journal.ts';
import type { Journal } from '../../../tree/journal.ts';
import { toBytes } from './bytes.ts';

/*
 * The files of a site, as nginx's code reads them. Paths are byte strings. Whatever fails otherwise than by absence throws
 * njs's own exception, which has the `path`.
 */

/** The change of the site that is under way. It is that of one request: `openChange` comes first in each. */
let change: { readonly site: string; readonly journal: Journal } | undefined;

/** Finds out whether a site is being changed, for the request that begins. */
export function openChange(site: string): void {
  change = undefined;
  const text = isFile(`${site}/${JOURNAL}`) ? readText(`${site}/${JOURNAL}`) : undefined;
  const journal = text === undefined ? undefined : parseJournal(text);
  if (!journal) return;
  const witness = readText(`${site}/${journal.witness}`);
  const isItsOwn = isOf(journal, witness === undefined ? readText(`${site}/${OLD}/${journal.witness}`) : witness);
  if (isItsOwn) change = { site, journal };
}

/** Where a file of the site lies now. While the site changes, that may be in the patch (`tree/journal.ts`). */
export function placeOf(path: string): string {
  if (!change) return path;
  const inner = path.slice(change.site.length + 1);
  if (isRemoved(change.journal, String(toBytes(asByteString(inner))))) return `${change.site}/${NOWHERE}`;
  const patched = `${change.site}/${PATCH}/${inner}`;
  if (isAt(patched)) return patched;
  const unmoved = untilMoved(change.journal, inner);
  return unmoved !== '' && isAt(`${change.site}/${unmoved}`) ? `${change.site}/${NOWHERE}` : path;
}

/** A path that no site has. */
const NOWHERE = `${CHANGE}/none`;

function isAt(place: string): boolean {
  return ifThere(() => fs.statSync(toBytes(asByteString(place)), { throwIfNoEntry: false })) !== undefined;
}

/** The text of a small file. Undefined if there is none. */
export function readText(path: string): string | undefined {
  return lookUp(path, (place) => fs.readFileSync(place, 'utf8'));
}

/** What `read` finds at the place of a file; undefined where it isn't there. A file may have been moved since its place was looked up. */
function lookUp<Result>(path: string, read: (place: string | Buffer) => Result): Result | undefined {
  const place = placeOf(path);
  const found = ifThere(() => read(toBytes(asByteString(place))));
  if (found !== undefined || place === path) return found;
  const now = placeOf(path);
  return now === place ? undefined : ifThere(() => read(toBytes(asByteString(now))));
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
  const file = fs.openSync(toBytes(asByteString(placeOf(path))), 'r');
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

/** The bytes of a file; undefined where there is none. */
export function bytesOf(path: string): number | undefined {
  const found = statOf(path);
  return found && found.size;
}

/** When a file was last put in its place, in seconds since 1970; undefined where there is none. Its own time follows from its content. */
export function changeTime(path: string): number | undefined {
  const found = statOf(path);
  return found && Math.floor(found.ctimeMs / 1000);
}

function statOf(path: string): Stats | undefined {
  return lookUp(path, (place) => fs.statSync(place, { throwIfNoEntry: false }));
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
