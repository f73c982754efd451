import { Stop } from '../errors.ts';

/*
 * Reads members of JSON objects that come from a bundle. Each function throws a `Stop` that names the member that is wrong.
 */

/** An object of JSON, and what it is called in messages. */
export interface Written {
  readonly where: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Parses the text of an object. */
export function parseObject(text: string, where: string): Written {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, 'is no JSON object');
  return { where, value: value as Written['value'] };
}

/** A text. */
export function textOf({ where, value }: Written, key: string): string {
  const text = value[key];
  if (typeof text !== 'string') throw wrong(where, `has no text "${key}"`);
  return text;
}

/** A SHA-256 in hex. */
export function digestOf(written: Written, key: string): string {
  const digest = textOf(written, key);
  if (!/^[0-9a-f]{64}$/.test(digest)) throw wrong(written.where, `has no digest "${key}"`);
  return digest;
}

/** A whole number that isn't negative. */
export function countOf({ where, value }: Written, key: string): number {
  return checkedCount(value[key], `${where}: "${key}"`);
}

/** A list. */
export function listOf({ where, value }: Written, key: string): readonly unknown[] {
  const list = value[key];
  if (!Array.isArray(list)) throw wrong(where, `has no list "${key}"`);
  return list;
}

/** The value itself, if it is a whole number that isn't negative. */
export function checkedCount(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw wrong(where, 'is no count');
  return value as number;
}

/** A path of a file in a folder: no part of it is empty or leads elsewhere. */
export function pathOf(written: Written, key: string): string {
  const path = textOf(written, key);
  if (path.includes('\0') || path.split('/').some((part) => ['', '.', '..'].includes(part)))
    throw wrong(written.where, `has a path that leads elsewhere, ${JSON.stringify(path)}`);
  return path;
}

export function wrong(where: string, what: string): Stop {
  return new Stop('bad-bundle', `${where} ${what}`, 'copy the bundle again, or make it again');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON
  }
}
