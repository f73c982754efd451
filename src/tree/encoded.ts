import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareText } from '../paths.ts';
import { ENCODED_LIST } from './layout.ts';

/*
 * The list of the compressed forms of a site's files. The forms are no part of the site manifest, which depends on the content of a
 * site alone, whichever host it is built for.
 */

/** A line of the list. */
export interface EncodedFile {
  /** Relative to the site's folder. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  /** SHA-256 of the file that it is a form of, in hex. */
  readonly source: string;
  /** The coding and its level, such as `br-5`. */
  readonly how: string;
}

/** Whether the site in a folder has compressed forms. */
export function hasEncoded(folder: string): boolean {
  return existsSync(join(folder, ENCODED_LIST));
}

/** The lines of the list of the site in a folder, as bytes; none where it has no compressed forms. Throws an Error where the list can't be read. */
export function readEncodedList(folder: string): Buffer {
  return hasEncoded(folder) ? readFileSync(join(folder, ENCODED_LIST)) : Buffer.alloc(0);
}

/** The compressed forms that a list names, by path. Throws a SyntaxError where it is none. */
export function parseEncodedList(list: Buffer): Map<string, EncodedFile> {
  const lines = list.toString('utf8').split('\n').slice(0, -1);
  return new Map(lines.map((line) => JSON.parse(line) as EncodedFile).map((file) => [file.path, file]));
}

/** The text of a list, in the order of paths. */
export function encodedListText(files: readonly EncodedFile[]): string {
  const lines = [...files].sort((a, b) => compareText(a.path, b.path)).map(lineOf);
  return lines.join('');
}

function lineOf({ path, size, digest, source, how }: EncodedFile): string {
  return `${JSON.stringify({ path, size, digest, source, how })}\n`;
}
