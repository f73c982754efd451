import { compareText } from '../../tree/text.ts';
import type { FileTree } from '../file-tree.ts';
import type { Json, JsonObject } from '../../tree/json.ts';
import { isFields, isList, toAny, toBool, toList, toMap, toText, toTexts } from '../yaml/values.ts';
import type { Fields, Value } from '../yaml/values.ts';

/*
 * A shape describes how an object of a manifest becomes an object of an answer: member by member, in the order of the
 * registry's answers. Empty members are left out, unless the shape says that they are written (docs/contract.md
 * sections 4 to 6).
 */

/** The facts about a package that reading its manifests needs. */
export interface Context {
  /** `/package/<name>/<version>`. */
  readonly base: string;
  readonly tree: FileTree;
  /** Input type -> ingestion method. */
  readonly ingestionMethods: Readonly<Record<string, string>>;
  /** Whether the package's manifest says `type: input`. */
  readonly isInputPackage: boolean;
  /** Reports that something is wrong at a place such as `policy_templates.0.title`. */
  fail(place: string, text: string): void;
}

/** Reads a value at a place. Null counts as absent and never reaches a reader. */
export type Reader<T extends Json = Json> = (value: Value, place: string, context: Context) => T | undefined;

export interface Member {
  readonly read: Reader;
  /** When an empty value is written. `always`: in every case. `given`: if the manifest has it. Undefined: never. */
  readonly write?: 'always' | 'given';
  /** The value in place of an absent one. */
  readonly otherwise?: Json;
  /** An absent or empty value is a finding. */
  readonly required?: true;
  /**
   * Makes the member from the members before it and from the manifest's object. What it makes replaces the manifest's value; an
   * empty value leaves the member out, and undefined leaves the manifest's value.
   */
  readonly make?: (object: Fields, made: JsonObject, context: Context) => Json | undefined;
}

export type Shape = Readonly<Record<string, Member>>;

export const text: Member = { read: readText };
/** A text that is written, even as `""`, where the manifest has it. */
export const textGiven: Member = { read: readText, write: 'given' };
export const textAlways: Member = { read: readText, write: 'always', otherwise: '' };
/** A text for which another stands where it is absent or empty. */
export const textOr = (otherwise: string): Member => ({ read: readFilledText, otherwise });
export const textRequired: Member = { read: readText, write: 'always', required: true };
export const bool: Member = { read: readBool };
export const boolAlways: Member = { read: readBool, write: 'always', otherwise: false };
/** A boolean that is written, true or false, if the manifest has it. */
export const boolGiven: Member = { read: readBool, write: 'given' };
export const texts: Member = { read: readTexts };
/** Any value, as it is. */
export const any: Member = { read: readAny, write: 'given' };
/** An object without a fixed shape. */
export const map: Member = { read: readMap };

/** A member that is not in the manifest. */
export function made(make: NonNullable<Member['make']>): Member {
  return { read: () => undefined, make };
}

/** One of a fixed set of texts. The message names them. */
export function oneOf(words: readonly string[], message: string): Member {
  return {
    read: (value, place, context) => {
      const word = readText(value, place, context);
      if (word && !words.includes(word)) context.fail(place, message);
      return word;
    },
  };
}

/** An object with its own shape. It is written if the manifest has it, even as `{}`. */
export function object(shape: Shape): Member {
  return { read: (value, place, context) => readObject(value, place, context, shape), write: 'given' };
}

/** The same, but it is left out if all its members are. */
export function objectFilled(shape: Shape): Member {
  return { read: (value, place, context) => readObject(value, place, context, shape) };
}

/** Like `object`, but a scalar in its place is ignored. */
export function objectOrNothing(shape: Shape): Member {
  const { read, ...rest } = object(shape);
  return { ...rest, read: (value, place, context) => (isScalar(value) ? undefined : read(value, place, context)) };
}

/** A list of objects; an item that is null counts as an empty object. */
export function list(shape: Shape): Member {
  return {
    read: (value, place, context) =>
      readList(value, place, context, (item, at) => readObject(item ?? EMPTY, at, context, shape) ?? {}),
  };
}

/** A list of which nothing is shown, and that must be empty. */
export function emptyList(message: string): Member {
  return {
    read: (value, place, context) => {
      if (toList(value)?.length !== 0) context.fail(place, message);
      return undefined;
    },
  };
}

/** What the manifest must not have. */
export function refused(message: string): Member {
  return {
    read: (_, place, context) => {
      context.fail(place, message);
      return undefined;
    },
  };
}

/** Reads an object by its shape. If the value is not an object, it reports that and returns undefined. */
export function readObject(value: Value, place: string, context: Context, shape: Shape): JsonObject | undefined {
  if (isScalar(value)) {
    context.fail(place, 'is not an object');
    return undefined;
  }
  const object = isFields(value) ? value : EMPTY;
  const result: Record<string, Json> = {};
  for (const key of Object.keys(shape)) {
    const member = shape[key] as Member;
    const at = place === '' ? key : `${place}.${key}`;
    const read = readMember(member, object[key], at, context);
    const made = member.make?.(object, result, context);
    const written = made === undefined ? read : made;
    if (written !== undefined && !(made !== undefined && isEmpty(made))) result[key] = written;
  }
  return result;
}

function readMember(member: Member, value: Value | undefined, place: string, context: Context): Json | undefined {
  const given = value === undefined || value === null ? undefined : member.read(value, place, context);
  const result = given ?? member.otherwise;
  if (
    member.required &&
    (result === undefined || result === '') &&
    (value === undefined || value === null || given === '')
  )
    context.fail(place, 'is missing');
  const isWritten = member.write === 'always' || (member.write === 'given' && given !== null);
  return result === undefined || (!isWritten && isEmpty(result)) ? undefined : result;
}

const EMPTY: Fields = Object.freeze(Object.create(null) as Record<string, Value>);

function isScalar(value: Value): boolean {
  return !isFields(value) && !isList(value);
}

function isEmpty(value: Json): boolean {
  if (value === '' || value === false || value === null) return true;
  if (typeof value !== 'object') return false;
  return Array.isArray(value)
    ? value.length === 0
    : value instanceof Map
      ? value.size === 0
      : Object.keys(value).length === 0;
}

function readText(value: Value, place: string, context: Context): string | undefined {
  const result = toText(value);
  if (result === undefined) context.fail(place, 'is not a text');
  return result;
}

function readFilledText(value: Value, place: string, context: Context): string | undefined {
  const result = readText(value, place, context);
  return result === '' ? undefined : result;
}

function readBool(value: Value, place: string, context: Context): boolean | undefined {
  const result = toBool(value);
  const isNumber = typeof value === 'bigint' || typeof value === 'number';
  if (result === undefined)
    context.fail(place, isNumber ? 'is a number where a boolean is expected' : 'is not a boolean');
  return result;
}

function readTexts(value: Value, place: string, context: Context): readonly string[] | undefined {
  const result = toTexts(value);
  if (!result) context.fail(place, 'is not a list of texts');
  return result;
}

function readAny(value: Value, place: string, context: Context): Json | undefined {
  const result = toAny(value);
  if (result === undefined) context.fail(place, 'holds an infinity or NaN');
  return result === undefined ? undefined : withSortedKeys(result);
}

function readMap(value: Value, place: string, context: Context): Json | undefined {
  const result = toMap(value);
  if (!result) context.fail(place, 'is not an object');
  return result && withSortedKeys(result);
}

/** Objects without a fixed shape are written with their keys in byte order (docs/contract.md section 6). */
function withSortedKeys(value: Value): Json {
  if (isList(value)) return value.map(withSortedKeys);
  if (!isFields(value)) return value;
  const sorted = Object.keys(value).sort(compareText);
  return new Map(sorted.map((key) => [key, withSortedKeys(value[key] as Value)]));
}

function readList(
  value: Value,
  place: string,
  context: Context,
  read: (item: Value, place: string, context: Context) => Json | undefined,
): Json[] | undefined {
  const items = toList(value);
  if (!items) context.fail(place, 'is not a list');
  return items?.flatMap((item, i) => read(item, `${place}.${i}`, context) ?? []);
}
