import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { temporaryName } from '../leftovers.ts';

/*
 * What is small and kept from build to build. The calls block: they are short, and those that don't block take more of the
 * main thread than these.
 */

/** Values by key; what is broken counts as missing. */
export interface KeptFiles<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

/** Keeps each value as JSON in a checked file `<first two digits of the key>/<key>.json`. Keys are hex digits. */
export function keptFiles<T>(folder: string): KeptFiles<T> {
  const folders = new Set<string>();
  const place = (key: string): string => join(folder, key.slice(0, 2), `${key}.json`);
  return {
    get: (key) => {
      const text = readChecked(place(key));
      return text === undefined ? undefined : (JSON.parse(text) as T);
    },
    set: (key, value) => {
      const inner = join(folder, key.slice(0, 2));
      if (!folders.has(inner)) mkdirSync(inner, { recursive: true });
      folders.add(inner);
      writeChecked(place(key), JSON.stringify(value));
    },
  };
}

/** Values by key, which are digits and letters, that grow by one list a build. */
export interface KeptLists<T> {
  get(key: string): T | undefined;
  delete(key: string): void;
  /** Keeps values for later builds, in a list of that name. */
  add(name: string, values: readonly (readonly [key: string, value: T])[]): void;
}

/** Keeps values in checked files `<name>.ndjson`, a line of JSON a value: `[key, value]`. A list that is broken counts as none. */
export function keptLists<T>(folder: string): KeptLists<T> {
  mkdirSync(folder, { recursive: true });
  const kept = new Map<string, string>();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.ndjson')) continue;
    const text = readChecked(join(folder, name));
    if (text === undefined) rmSync(join(folder, name), { force: true });
    for (const line of text?.trimEnd().split('\n') ?? []) kept.set(line.slice(2, line.indexOf('"', 2)), line);
  }
  return {
    // Parsed when it is asked for: most builds ask for little.
    get: (key) => {
      const line = kept.get(key);
      return line === undefined ? undefined : (JSON.parse(line) as [string, T])[1];
    },
    delete: (key) => void kept.delete(key),
    add: (name, values) => {
      const lines = values.map((one) => `${JSON.stringify(one)}\n`).join('');
      if (lines !== '') writeChecked(join(folder, `${name}.ndjson`), lines);
    },
  };
}

/** The text of a file that `writeChecked` wrote; undefined where it is missing, was cut short or altered. */
function readChecked(path: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  const end = bytes.indexOf(10);
  const body = bytes.subarray(end + 1);
  const isWhole = end >= 0 && bytes.toString('latin1', 0, end) === String(crc32(body));
  return isWhole ? body.toString('utf8') : undefined;
}

/** Writes a text behind a line with its CRC-32, at once. */
function writeChecked(path: string, text: string): void {
  const body = Buffer.from(text);
  writeFileSync(temporaryName(path), Buffer.concat([Buffer.from(`${crc32(body)}\n`), body]));
  renameSync(temporaryName(path), path);
}
