import { toText } from '../package/yaml/yaml.ts';
import type { Fields } from '../package/yaml/yaml.ts';

/** A member of an object in YAML as a text; '' where it is none. */
export function yamlText(fields: Fields, key: string): string {
  const value = fields[key];
  return (value === undefined || value === null ? '' : toText(value)) ?? '';
}
