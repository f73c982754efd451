import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from '@commander-js/extra-typings';
import { describe, expect, test } from 'vitest';
import type { Declare } from '../../src/commands/declare.ts';

/* All verbs are alike: a folder of three files, a line in program.ts, and a help that says what a person has to know. */

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const verbs = readdirSync(join(source, 'commands'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** What `--help` of a verb, or of its subcommand, prints; and its options and arguments that have no text. */
async function helpOf(verb: string): Promise<{ help: string; silent: string[] }> {
  const { declare } = (await import(`../../src/commands/${verb}/declare.ts`)) as { declare: Declare };
  const program = new Command('epr-static');
  declare(program, () => undefined);
  let [command] = program.commands;
  while (command?.commands[0]) [command] = command.commands;
  let help = '';
  command?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const silent = [...(command?.options ?? []), ...(command?.registeredArguments ?? [])]
    .filter(({ description }) => description === '')
    .map((one) => ('flags' in one ? one.flags : one.name()));
  return { help, silent };
}

describe.each(verbs)('%s', (verb) => {
  test.each(['declare', 'run', 'report'])('has %s.ts', (file) => {
    expect(existsSync(join(source, 'commands', verb, `${file}.ts`))).toBe(true);
  });

  test('is in the list of program.ts', () => {
    expect(readFileSync(join(source, 'commands/program.ts'), 'utf8')).toContain(`import('./${verb}/declare.ts')`);
  });

  test('has examples, the exit statuses and a text for each option in its help', async () => {
    const { help, silent } = await helpOf(verb);
    expect(help).toMatch(/\nExamples:\n {2}epr-static /);
    expect(help).toMatch(/\nExit status:\n {2}0 {2}.+\n( {2}1 {2}.+\n)? {2}2 {2}.+\n$/);
    expect(help).not.toMatch(/default: (\{\}|\[\])/);
    expect(silent).toEqual([]);
  });
});
