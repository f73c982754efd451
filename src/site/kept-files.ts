import { existsSync, mkdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { temporaryName } from '../leftovers.ts';

/** Small values kept from build to build, by key; what is broken counts as missing. */
export interface KeptFiles<T> {
  get(key: string): Promise<T | undefined>;
  set(key: string, value: T): Promise<void>;
}

/** Keeps each value as JSON in a checked file `<first two digits of the key>/<key>.json`. Keys are hex digits. */
export function keptFiles<T>(folder: string): KeptFiles<T> {
  const place = (key: string): string => join(folder, key.slice(0, 2), `${key}.json`);
  return {
    get: async (key) => {
      const text = await readChecked(place(key)).catch(() => undefined);
      return text === undefined ? undefined : (JSON.parse(text) as T);
    },
    set: async (key, value) => {
      const inner = join(folder, key.slice(0, 2));
      if (!existsSync(inner)) mkdirSync(inner, { recursive: true });
      await writeChecked(place(key), JSON.stringify(value));
    },
  };
}

/** Small values by key, which are digits and letters, that grow by one list a build. */
export interface KeptLists<T> {
  get(key: string): T | undefined;
  delete(key: string): void;
  /** Keeps values for later builds, in a list of that name. */
  add(name: string, values: readonly (readonly [key: string, value: T])[]): Promise<void>;
}

/** Keeps values in checked files `<name>.ndjson`, a line of JSON a value: `[key, value]`. A list that is broken counts as none. */
export async function keptLists<T>(folder: string): Promise<KeptLists<T>> {
  const kept = new Map<string, string>();
  for (const name of (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.ndjson')).sort()) {
    const text = await readChecked(join(folder, name)).catch(() => undefined);
    if (text === undefined) await rm(join(folder, name), { force: true });
    for (const line of text?.trimEnd().split('\n') ?? []) kept.set(line.slice(2, line.indexOf('"', 2)), line);
  }
  return {
    // Parsed when it is asked for: most builds ask for little.
    get: (key) => {
      const line = kept.get(key);
      return line === undefined ? undefined : (JSON.parse(line) as [string, T])[1];
    },
    delete: (key) => void kept.delete(key),
    add: async (name, values) => {
      if (values.length === 0) return;
      await mkdir(folder, { recursive: true });
      await writeChecked(join(folder, `${name}.ndjson`), values.map((one) => `${JSON.stringify(one)}\n`).join(''));
    },
  };
}

/** The text of a file that `writeChecked` wrote. Throws an Error where it was cut short or altered. */
async function readChecked(path: string): Promise<string> {
  const bytes = await readFile(path);
  const end = bytes.indexOf(10);
  const body = bytes.subarray(end + 1);
  if (end < 0 || bytes.toString('latin1', 0, end) !== String(crc32(body))) throw new Error(`${path} was altered`);
  return body.toString('utf8');
}

/** Writes a text behind a line with its CRC-32, at once. */
async function writeChecked(path: string, text: string): Promise<void> {
  const body = Buffer.from(text);
  await writeFile(temporaryName(path), Buffer.concat([Buffer.from(`${crc32(body)}\n`), body]));
  await rename(temporaryName(path), path);
}
