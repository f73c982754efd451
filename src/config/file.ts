import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FAILSAFE_SCHEMA, load, nullCoreTag } from 'js-yaml';
import type { z } from 'zod';
import { errorCode, isAbsence, Stop } from '../errors.ts';
import { parse } from './faults.ts';

/* Reads a file of the configuration. It reports everything that is wrong with the file, with places. */

/** Throws a `Stop` that lists every disagreement of `value` with the schema, each with its place. */
export function check<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = parse(schema, value ?? {});
  if (!result.faults) return result.data;
  const lines = result.faults.map(({ place, text }) => `${place || 'the file'}: ${text}`);
  throw new Stop(
    'bad-config',
    `${file}:\n  ${told(lines).join('\n  ')}`,
    'see "Configuration" in the README for all keys',
  );
}

/** The first lines of a message, none of them long: a file may be made to flood a terminal. */
export function told(lines: readonly string[]): string[] {
  const shown = lines.slice(0, MOST_LINES).map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line));
  return lines.length > MOST_LINES ? [...shown, `and ${lines.length - MOST_LINES} more`] : shown;
}

/** Lines, and characters of one. */
const MOST_LINES = 50;
const LONGEST = 400;

/** Reads only texts and null, so that a branch `8.10` doesn't become the number 8.1. */
const AS_WRITTEN = FAILSAFE_SCHEMA.withTags(nullCoreTag);

/** The distributions file that a storage holds about itself, which may come from anybody. */
export interface OwnConfig {
  /** The storage that holds it, and the only one that it describes: an absolute path or a URL. */
  readonly location: string;
  /** What messages call a file in the folder of the distributions file. */
  shown(name: string): string;
  /** The text of a file in the folder of the distributions file. Undefined if there is none. */
  read(name: string): Promise<string | undefined>;
}

/** The distributions file: a path, or the storage's own. */
export type ConfigPlace = string | OwnConfig;

/** What messages call a distributions file: its absolute path, or its place in the storage. */
export function shownConfig(config: ConfigPlace): string {
  return typeof config === 'string' ? resolve(config) : config.shown(DISTRIBUTIONS);
}

/** The value of the distributions file; `known` is its text. Throws a `Stop` if it can't be read or is not YAML. */
export async function readDistributions(config: ConfigPlace, known?: string): Promise<unknown> {
  const file = shownConfig(config);
  const text = known ?? (typeof config === 'string' ? await readText(file) : await config.read(DISTRIBUTIONS));
  if (text === undefined)
    throw new Stop('no-config', `${file} is not there`, 'name the distributions file with --config');
  return parseYaml(text, file);
}

/** The name of a distributions file. */
export const DISTRIBUTIONS = 'distributions.yml';

/** The value and text of a YAML file beside the distributions file, and what messages call it. Undefined if there is none. */
export async function readBeside(
  config: ConfigPlace,
  name: string,
): Promise<{ value: unknown; file: string; text: string } | undefined> {
  const file = typeof config === 'string' ? resolve(dirname(config), name) : config.shown(name);
  const text = typeof config === 'string' ? await readText(file) : await config.read(name);
  return text === undefined ? undefined : { value: parseYaml(text, file), file, text };
}

async function readText(file: string): Promise<string | undefined> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw new Stop('no-config', `${file} can't be read: ${errorCode(error)}`, undefined, error);
  });
}

function parseYaml(text: string, file: string): unknown {
  const value = yamlOf(text, file);
  if (sizeOf(value, MOST_VALUES) > MOST_VALUES)
    throw new Stop(
      'bad-config',
      `${file} has more than ${MOST_VALUES} values`,
      'aliases count at each of their places',
    );
  return value;
}

function yamlOf(text: string, file: string): unknown {
  try {
    return load(text, { filename: file, schema: AS_WRITTEN });
  } catch (error) {
    const reason = told((error as Error).message.split('\n')).join('\n');
    throw new Stop('bad-config', `${file} is not YAML: ${reason}`, undefined, error);
  }
}

/** With aliases, a short text may stand for more values than anybody can check. */
const MOST_VALUES = 100_000;

/** The number of values in a value. Once it is more than `most`, they are not counted any further. */
function sizeOf(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let size = 1;
  for (const inner of Object.values(value)) {
    if (size > most) break;
    size += sizeOf(inner, most - size);
  }
  return size;
}
