import { parseYaml, toList, toMap, toText, YamlError } from './yaml/yaml.ts';
import type { Value } from './yaml/yaml.ts';

/** The wanted fields of one file of a `fields/` folder: each full name with its type ('' where it has none); or what is wrong. */
export type FieldsFile =
  | { readonly fields: readonly (readonly [name: string, type: string])[] }
  | { readonly error: string };

/** Reads a fields file: a list of `{name, type, fields}`, nested names joined by dots (docs/contract.md section 8). */
export function readFields(bytes: Uint8Array, wanted: ReadonlySet<string>): FieldsFile {
  try {
    const value = parseYaml(bytes);
    if (value === null) return { fields: [] };
    if (!Array.isArray(value)) return { error: 'not a list of fields' };
    const fields: [string, string][] = [];
    if (!collect(value, '', fields)) return { error: 'a field has no name' };
    const found = fields.filter(([name]) => wanted.has(name));
    return { fields: JSON.parse(JSON.stringify(found)) as typeof found }; // pieces of the text would keep all of it in memory
  } catch (error) {
    if (error instanceof YamlError) return { error: error.message };
    throw error;
  }
}

function collect(items: readonly Value[], prefix: string, fields: [string, string][]): boolean {
  return items.every((item) => {
    const object = toMap(item);
    const name = textOf(object?.['name']);
    if (name === '') return false;
    fields.push([prefix + name, textOf(object?.['type'])]);
    const inner = object?.['fields'];
    return inner === undefined || inner === null || collect(toList(inner) ?? [], `${prefix}${name}.`, fields);
  });
}

function textOf(value: Value | undefined): string {
  return (value === undefined || value === null ? '' : toText(value)) ?? '';
}
