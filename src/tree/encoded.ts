import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ENCODED_LIST } from './layout.ts';

/*
 * The list of the compressed forms of a site's files: a line of JSON for each, in the order of the lines. The forms are no part of the
 * site manifest, which depends on the content of a site alone, whichever host it is built for.
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

/** A list in memory, which can change. */
export interface EncodedList {
  get(path: string): EncodedFile | undefined;
  set(file: EncodedFile): void;
  delete(path: string): void;
  files(): Iterable<EncodedFile>;
  /** The forms that were set or deleted since the list was opened, as they were before and as they are now. */
  changes(): Iterable<{ readonly before: EncodedFile | undefined; readonly after: EncodedFile | undefined }>;
  /** The list as it is written. */
  text(): string;
}

/** Whether the site in a folder has compressed forms. */
export function hasEncoded(folder: string): boolean {
  return statSync(join(folder, ENCODED_LIST), { throwIfNoEntry: false })?.isFile() === true;
}

/** The list of the site in a folder as bytes; none where it has no compressed forms. Throws an Error where it can't be read. */
export function readEncodedList(folder: string): Buffer {
  return hasEncoded(folder) ? readFileSync(join(folder, ENCODED_LIST)) : Buffer.alloc(0);
}

/** Opens a list. What was altered in it and can't be read any more counts as missing. */
export function openEncodedList(list: Buffer): EncodedList {
  const texts = list.toString('utf8').split('\n').slice(0, -1);
  const lines = new Map(texts.map((line) => [pathOf(line), line]));
  const originals = new Map<string, string | undefined>();
  const touch = (path: string): void => {
    if (!originals.has(path)) originals.set(path, lines.get(path));
  };
  return {
    get: (path) => parse(lines.get(path)),
    set: (file) => {
      touch(file.path);
      lines.set(file.path, lineOf(file));
    },
    delete: (path) => {
      touch(path);
      lines.delete(path);
    },
    *changes() {
      for (const [path, line] of originals) {
        const now = lines.get(path);
        if (now !== line) yield { before: parse(line), after: parse(now) };
      }
    },
    *files() {
      for (const line of lines.values()) yield JSON.parse(line) as EncodedFile;
    },
    text: () =>
      [...lines.values()]
        .sort()
        .map((line) => `${line}\n`)
        .join(''),
  };
}

/** Lists are long, and few of their lines are looked at: only these are parsed. Inside a path, each quote has a backslash before it. */
function pathOf(line: string): string {
  const path = line.slice(START.length, line.indexOf(END, START.length));
  return path.includes('\\') ? (JSON.parse(`"${path}"`) as string) : path;
}

const START = '{"path":"';
const END = '","size":';

function parse(line: string | undefined): EncodedFile | undefined {
  try {
    return line === undefined ? undefined : (JSON.parse(line) as EncodedFile);
  } catch {
    return undefined; // altered by hand: the form is made again
  }
}

function lineOf({ path, size, digest, source, how }: EncodedFile): string {
  return JSON.stringify({ path, size, digest, source, how });
}
