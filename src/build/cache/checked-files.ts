import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeAside } from '../../tree/commit/aside.ts';
import { makeFolder } from '../../tree/make-folder.ts';
import { clearLeftovers, removeNow, temporaryName } from '../../tree/commit/leftovers.ts';

/*
 * Small values, kept from build to build. The calls block: they are short, and calls that don't block would take more
 * time of the main thread.
 */

/** Values by key. A broken file counts as missing. */
export interface KeptFiles<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

/**
 * Keeps each value as JSON in a checked file `<first two digits of the key>/<key>.json`. Keys are hex digits. A file is written in
 * `folder` itself, where the next build finds what a killed one has left.
 */
export function keptFiles<T>(folder: string): KeptFiles<T> {
  clearLeftovers(folder, '');
  const folders = new Set<string>();
  const place = (key: string): string => join(folder, key.slice(0, 2), `${key}.json`);
  return {
    get: (key) => {
      const text = readChecked(place(key));
      return text === undefined ? undefined : (JSON.parse(text) as T);
    },
    set: (key, value) => {
      const inner = join(folder, key.slice(0, 2));
      if (!folders.has(inner)) makeFolder(inner);
      folders.add(inner);
      writeChecked(place(key), [JSON.stringify(value)], temporaryName(join(folder, key)));
    },
  };
}

/** Values by key, in lists: each build adds one list. Keys consist of digits and letters. */
export interface KeptLists<T> {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  delete(key: string): void;
  /** Keeps values for later builds, in a list with this name. */
  add(name: string, values: readonly (readonly [key: string, value: T])[]): void;
}

/**
 * Keeps values in checked files `<name>.ndjson`, one line of JSON for each: `[key, value]`. A broken list counts as
 * missing.
 */
export function keptLists<T>(folder: string): KeptLists<T> {
  makeFolder(folder);
  clearLeftovers(folder, '');
  const kept = new Map<string, string>();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.ndjson')) continue;
    const text = readChecked(join(folder, name));
    if (text === undefined) removeNow(join(folder, name));
    for (const line of text?.trimEnd().split('\n') ?? []) kept.set(line.slice(2, line.indexOf('"', 2)), line);
  }
  const parse = (line: string): T => (JSON.parse(line) as [string, T])[1];
  return {
    // Values are parsed when somebody asks for them. Most builds ask for few.
    get: (key) => {
      const line = kept.get(key);
      return line === undefined ? undefined : parse(line);
    },
    *values() {
      for (const line of kept.values()) yield parse(line);
    },
    delete: (key) => void kept.delete(key),
    add: (name, values) => {
      if (values.length > 0) writeChecked(join(folder, `${name}.ndjson`), jsonLines(values));
    },
  };
}

/** Each value as a line of JSON. A line is made when it is written. */
export function* jsonLines(values: readonly unknown[]): Generator<string> {
  for (const value of values) yield JSON.stringify(value);
}

/** The text of a file that `writeChecked` wrote. Undefined if the file is missing, truncated or altered. */
export function readChecked(path: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  const end = bytes.lastIndexOf(10) + 1;
  const body = bytes.subarray(0, end);
  const isWhole = end > 0 && bytes.toString('latin1', end) === String(crc32(body));
  return isWhole ? body.toString('utf8') : undefined;
}

/** Writes lines of text and then their CRC-32. The file appears when it is complete. */
export function writeChecked(path: string, lines: Iterable<string>, temporary = temporaryName(path)): void {
  writeAside({ path, temporary }, () => {
    writeLines(temporary, lines);
    return true;
  });
}

function writeLines(path: string, lines: Iterable<string>): void {
  const file = openSync(path, 'w');
  let crc = 0;
  try {
    for (const text of gathered(lines)) {
      const bytes = Buffer.from(text);
      crc = crc32(bytes, crc);
      writeSync(file, bytes);
    }
    writeSync(file, String(crc));
  } finally {
    closeSync(file);
  }
}

/** Joins lines to pieces that are large enough for a write and small compared with the file. */
function* gathered(lines: Iterable<string>): Generator<string> {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** Characters. */
const PIECE = 2 ** 20;
