import { z } from 'zod';
import { nearMatch } from '../near-match.ts';

/*
 * What is wrong with something that a person wrote, in plain sentences. A message of a schema that begins with "must" says what can stand
 * at a place; what does stand there is said before it.
 */

/** What is wrong at a place, such as `layers.staging.ref`; '' is the whole. */
export interface Fault {
  readonly place: string;
  readonly text: string;
}

/** The value as a schema reads it, or everything that is wrong with it. */
export function parse<T>(
  schema: z.ZodType<T>,
  value: unknown,
): { readonly data: T; readonly faults?: undefined } | { readonly faults: Fault[] } {
  const result = schema.safeParse(value, { error: requirement });
  if (result.success) return { data: result.data };
  return { faults: result.error.issues.flatMap((issue) => faultsOf(issue, { schema, value })) };
}

/** What a schema asks for where it has no words of its own. */
function requirement(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return `must be ${TYPES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `must be ${oneOf(issue.values.map(String))}`;
  if (issue.code === 'too_small')
    return issue.origin === 'array' ? 'must have at least one entry' : `must be ${TYPES['string']}`;
  return undefined;
}

/** A type of the schema library -> what a person calls it. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'a mapping (key: value)',
  record: 'a mapping (name: value)',
};

/** `a, b or c`. */
function oneOf(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter((part) => part !== '').join(' or ');
}

/** What is read, and the schema of it. */
interface Read {
  readonly schema: z.ZodType;
  readonly value: unknown;
}

function faultsOf(issue: z.core.$ZodIssue, read: Read): Fault[] {
  const place = issue.path.join('.');
  if (issue.code === 'invalid_union') return unionFaults(issue, read);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(read.schema, issue.path);
    return issue.keys.map((key) => {
      return { place: [...issue.path, key].join('.'), text: `unknown key${nearMatch(key, known)}` };
    });
  }
  if (issue.code === 'invalid_key') {
    const key = String(issue.path.at(-1));
    const text = `the key "${key}" ${issue.issues[0]?.message ?? issue.message}`;
    return [{ place: issue.path.slice(0, -1).join('.'), text }];
  }
  return [{ place, text: withFound(issue.message, valueAt(read.value, issue.path)) }];
}

/** A layer of a distribution is a name or a mapping. The issues are those of the form that was probably meant. */
function unionFaults({ errors, path }: z.core.$ZodIssueInvalidUnion, read: Read): Fault[] {
  const meant = errors.find((issues) => !issues.some(isOtherType));
  if (meant) return meant.flatMap((inner) => faultsOf({ ...inner, path: [...path, ...inner.path] }, read));
  const text = withFound('must be a name or {name, ref, packages}', valueAt(read.value, path));
  return [{ place: path.join('.'), text }];
}

function isOtherType({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && path.length === 0;
}

function withFound(message: string, found: unknown): string {
  if (!message.startsWith('must ')) return message;
  const words = foundWords(found);
  return words === undefined ? message : `${words}; it ${message}`;
}

/** Undefined for a text that may hold credentials or a token, as URLs do. */
function foundWords(found: unknown): string | undefined {
  if (found === undefined) return 'is missing';
  if (found === null || found === '') return 'is empty';
  if (Array.isArray(found)) return found.length === 0 ? 'is an empty list' : 'is a list';
  if (typeof found === 'object') return 'is a mapping';
  if (typeof found !== 'string') return `is ${JSON.stringify(found)}`;
  if (/[@?#]/.test(found)) return undefined;
  return `is "${found.length > LONGEST ? `${found.slice(0, LONGEST)}…` : found}"`;
}

/** Characters of a text that is shown. */
const LONGEST = 100;

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = Reflect.get(at, step);
  }
  return at;
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = unwrap(schema);
  for (const step of path) {
    if (at instanceof z.ZodObject) at = at.shape[String(step)];
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else if (at instanceof z.ZodArray) at = at.element;
    at = unwrap(at);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** The schema inside an optional or nullable one. For a union, the schema of the object. */
function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrap(schema.unwrap());
  return schema instanceof z.ZodUnion ? schema.options.find((option) => option instanceof z.ZodObject) : schema;
}
