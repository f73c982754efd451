import type { Limits } from '../limits.ts';
import { parseYaml, toList, toText, YamlError } from './yaml/yaml.ts';
import { isFields } from './yaml/values.ts';
import type { Value } from './yaml/yaml.ts';

/** A field as one file has it: its full name, undefined where it has none, and its type, `''` where it has none. */
export interface ReadField {
  readonly name?: string;
  readonly type: string;
}

/** Of one file of a `fields/` folder the wanted fields and those without a name, in their order; or what is wrong with the file. */
export type FieldsFile = { readonly fields: readonly ReadField[] } | { readonly error: string };

/**
 * Reads a fields file: a list of `{name, type, fields}`. Nested names are joined by dots (docs/contract.md section 8).
 */
export function readFields(
  bytes: Uint8Array,
  { wanted, limits }: { readonly wanted: ReadonlySet<string>; readonly limits: Limits },
): FieldsFile {
  try {
    const value = parseYaml(bytes, limits);
    if (value === null) return { fields: [] };
    if (!Array.isArray(value) || !value.every(isFieldOrNull)) return { error: 'not a list of fields' };
    const found: ReadField[] = [];
    const longest = Math.max(...[...wanted].map((name) => name.length));
    collect(value, '', { wanted, longest, found });
    return { fields: JSON.parse(JSON.stringify(found)) as typeof found }; // pieces of the text would keep all of it in memory
  } catch (error) {
    if (error instanceof YamlError) return { error: error.message };
    throw error;
  }
}

function isFieldOrNull(item: Value): boolean {
  return item === null || isFields(item);
}

interface Collecting {
  readonly wanted: ReadonlySet<string>;
  /** The length of the longest wanted name. */
  readonly longest: number;
  readonly found: ReadField[];
}

/** No generators, and no looking for names that are too long: both take quadratic time in deep lists. */
function collect(items: readonly Value[], prefix: string, collecting: Collecting): void {
  const { wanted, longest, found } = collecting;
  for (const item of items) {
    const object = isFields(item) ? item : {};
    const name = prefix + textOf(object['name']);
    if (object['name'] === undefined) found.push({ type: textOf(object['type']) });
    else if (name.length <= longest && wanted.has(name)) found.push({ name, type: textOf(object['type']) });
    const inner = object['fields'];
    if (inner !== undefined && inner !== null) collect(toList(inner) ?? [], `${name}.`, collecting);
  }
}

function textOf(value: Value | undefined): string {
  return (value === undefined || value === null ? '' : toText(value)) ?? '';
}
