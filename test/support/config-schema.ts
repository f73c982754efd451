import { z } from 'zod';
import { writtenConfig } from '../../src/config/schema.ts';

/*
 * The JSON schema of `distributions.yml`, for editors: the schema of the program, with the meanings that the README gives.
 */

type JsonSchema = Record<string, unknown>;

/** `readme` is the text that has the table of keys. */
export function configJsonSchema(readme: string): JsonSchema {
  const schema = z.toJSONSchema(writtenConfig, { io: 'input', override: ({ jsonSchema }) => asYaml(jsonSchema) });
  const { $schema, ...rest } = schema as JsonSchema;
  return { $schema, title: 'distributions.yml of epr-static', ...describe(rest, [], meanings(readme)) };
}

/** The program reads every scalar of YAML as text. For an editor, `10` is a number, `true` is none, and the branch `7.17` is one. */
function asYaml(schema: JsonSchema): void {
  if (String(schema['enum']) === 'true,false') {
    schema['type'] = 'boolean';
    delete schema['enum'];
  }
  if (schema['type'] !== 'string' || 'enum' in schema) return;
  const isNumber = schema['pattern'] === '^\\d{1,15}$';
  schema['type'] = isNumber ? 'integer' : ['string', 'number'];
  if (isNumber) delete schema['pattern'];
  if (isNumber) schema['minimum'] = 0;
}

/** Key, as `layers.NAME.ref`, -> what the README says of it. */
function meanings(readme: string): Map<string, string> {
  const rows = [...readme.matchAll(/^\| (`[^|]+`) \| ([^|]+) \| ([^|]+) \|$/gm)];
  return new Map(
    rows.flatMap(([, keys = '', meaning = '', usual = '']) => {
      const [first = '', ...others] = [...keys.matchAll(/`([^`]+)`/g)].map(([, key = '']) => key);
      const above = first.slice(0, first.lastIndexOf('.'));
      const text = `${plain(meaning)}. Default: ${plain(usual)}.`.replace('Default: required.', 'Required.');
      return [first, ...others.map((key) => above + key)].map((key): [string, string] => [key, text]);
    }),
  );
}

/** Markdown without links and escapes. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replaceAll('\\', '')
    .trim();
}

function describe(schema: JsonSchema, path: readonly string[], known: ReadonlyMap<string, string>): JsonSchema {
  const text = known.get(path.join('.'));
  const inner = Object.entries(schema).map(([key, value]) => [key, within(key, value)] as const);
  return { ...(text === undefined ? {} : { description: text }), ...Object.fromEntries(inner) };

  function within(key: string, value: unknown): unknown {
    if (key === 'properties')
      return Object.fromEntries(
        Object.entries(value as JsonSchema).map(([name, one]) => [
          name,
          describe(one as JsonSchema, [...path, name], known),
        ]),
      );
    if (key === 'additionalProperties' && typeof value === 'object')
      return describe(value as JsonSchema, [...path, 'NAME'], known);
    if (key === 'anyOf')
      return (value as JsonSchema[]).map((one) =>
        describe(one, path, new Map([...known].filter(([at]) => at !== path.join('.')))),
      );
    return value;
  }
}
