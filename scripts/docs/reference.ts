import type { Command, CommandUnknownOpts } from '@commander-js/extra-typings';
import { z } from 'zod';

/*
 * The pages of reference that come from the program: Markdown of its commands, and of the schema of its configuration.
 */

/** Every command as `--help` shows it. */
export function commandsPage(program: Pick<Command, 'commands'>): string {
  const all = program.commands.flatMap((verb) => (verb.commands.length > 0 ? [...verb.commands] : [verb]));
  const parts = all.map((command) => {
    const name = fullName(command);
    return `## ${name}\n\n${indented(helpOf(command))}\n`;
  });
  return `# Commands\n\nThis is what \`--help\` prints after each command.\n\n${parts.join('\n')}`;
}

/** The words that name a command, without the program's: `cache prune`. */
function fullName(command: CommandUnknownOpts): string {
  const { parent } = command;
  return parent?.parent ? `${fullName(parent)} ${command.name()}` : command.name();
}

function helpOf(command: CommandUnknownOpts): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 100 }).outputHelp();
  return help;
}

function indented(text: string): string {
  return text.trimEnd().replaceAll(/^(?=.)/gm, '    ');
}

/** A schema of JSON, as far as the page shows it. */
const schemaShape = z.object({
  description: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  get properties() {
    return z.record(z.string(), schemaShape).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), schemaShape]).optional();
  },
  get anyOf() {
    return z.array(schemaShape).optional();
  },
  get items() {
    return schemaShape.optional();
  },
});
type Schema = z.infer<typeof schemaShape>;

/** The keys of `distributions.yml`, from its JSON schema. */
export function configurationPage(schema: string): string {
  const rows = keysOf(schemaShape.parse(JSON.parse(schema)), []).map(
    ({ path, schema: { description = '', ...own } }) =>
      `| \`${path.join('.')}\` | ${typeOf(own)} | ${description.replaceAll('|', '\\|')} |`,
  );
  return `# Configuration

The keys of \`distributions.yml\`, from its [JSON schema](../content/distributions.schema.json), by which editors check and complete the
file. [Configuration](../README.md#configuration) in the overview has an example and explains more.

| key | value | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
}

interface Key {
  readonly path: readonly string[];
  readonly schema: Schema;
}

/** A key before those below it; `NAME` stands for any name. */
function keysOf(schema: Schema, path: readonly string[]): Key[] {
  const inner = Object.entries(schema.properties ?? {});
  const { additionalProperties: others } = schema;
  if (typeof others === 'object') inner.push(['NAME', others]);
  return inner.flatMap(([name, one]) => {
    const at = [...path, name];
    const key: Key = { path: at, schema: one };
    return [key].concat(keysOf(one, at));
  });
}

function typeOf({ type, enum: values, anyOf, items }: Schema): string {
  if (values) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(', or ');
  if (items) return `list of ${typeOf(items)}`;
  return WORDS[[type].flat().join()] ?? [type].flat().join(' or ');
}

/** In YAML, what a number looks like may be a text, too. */
const WORDS: Readonly<Record<string, string>> = {
  'string,number': 'text',
  string: 'text',
  integer: 'number',
  object: 'map',
};
