import { readFile } from 'node:fs/promises';
import { FAILSAFE_SCHEMA, load, nullCoreTag } from 'js-yaml';
import { z } from 'zod';
import { nearMatch, Stop } from '../errors.ts';

/* Reads a file of the configuration. It reports everything that is wrong with the file, with places. */

/** Throws a `Stop` that lists every disagreement of `value` with the schema, each with its place. */
export function check<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => describe(issue, schema));
  throw new Stop('bad-config', `${file}:\n  ${lines.join('\n  ')}`, 'see "Configuration" in the README for all keys');
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType): string[] {
  const place = issue.path.join('.');
  if (issue.code === 'invalid_union') return describeUnion(issue, schema);
  if (issue.code === 'invalid_key') return [`${place}: ${issue.issues[0]?.message ?? issue.message}`];
  if (issue.code !== 'unrecognized_keys') return [`${place || 'the file'}: ${issue.message}`];
  const known = keysAt(schema, issue.path);
  return issue.keys.map((key) => `${[...issue.path, key].join('.')}: unknown key${nearMatch(key, known)}`);
}

/** A layer of a distribution is a name or an object. The issues are those of the form that was probably meant. */
function describeUnion({ errors, path }: z.core.$ZodIssueInvalidUnion, schema: z.ZodType): string[] {
  const meant = errors.find((issues) => !issues.some(isOtherType));
  if (!meant) return [`${path.join('.')}: is neither a name nor {name, ref, packages}`];
  return meant.flatMap((inner) => describe({ ...inner, path: [...path, ...inner.path] }, schema));
}

function isOtherType({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && path.length === 0;
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

/** Reads only texts and null, so that a branch `8.10` doesn't become the number 8.1. */
const AS_WRITTEN = FAILSAFE_SCHEMA.withTags(nullCoreTag);

/**
 * The value of a YAML file, or of the file `fallback` if it doesn't exist. Throws a `Stop` if the file can't be read or
 * is not YAML.
 */
export async function readYamlFile(file: string, fallback?: string): Promise<unknown> {
  try {
    return load(await readFile(file, 'utf8'), { filename: file, schema: AS_WRITTEN });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && fallback !== undefined && fallback !== file) return await readYamlFile(fallback);
    if (code === undefined) throw new Stop('bad-config', `${file} is not YAML: ${(error as Error).message}`);
    const hint = code === 'ENOENT' ? 'name the distributions file with --config' : undefined;
    throw new Stop('no-config', `${file} can't be read: ${code}`, hint, error);
  }
}
