import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { CommanderError } from '@commander-js/extra-typings';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { beforeAll, describe, expect, test } from 'vitest';
import { programOf } from '../../src/commands/program.ts';
import { temporaryFolder } from '../support/cli.ts';
import { docCommands } from '../support/doc-commands.ts';
import type { DocCommand } from '../support/doc-commands.ts';
import { REPOSITORY } from '../support/source.ts';

/* The documents as a site, as `npm run docs` makes it; and the commands in them, as the program would parse them. */

const site = join(temporaryFolder(), 'site');
const pages = new Map<string, string>();

beforeAll(() => {
  execFileSync(process.execPath, ['lib/scripts/docs.js', '--out', site], { cwd: REPOSITORY });
  for (const name of readdirSync(site, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.html')) pages.set(join(site, name), readFileSync(join(site, name), 'utf8'));
});

/** What an attribute of the page names. */
function valuesOf(page: string, attributes: string): string[] {
  return [...page.matchAll(new RegExp(`<[^>]* (?:${attributes})="([^"]*)"`, 'g'))].map(([, value]) => value ?? '');
}

test('every link leads to a file of the site, and to a heading of it', () => {
  const wrong = [...pages].flatMap(([file, text]) =>
    valuesOf(text, 'href|src')
      .filter((link) => !/^https?:/.test(link) && !isThere(file, link))
      .map((link) => `${relative(site, file)}: ${link}`),
  );
  expect(wrong).toEqual([]);
  expect(pages.size).toBeGreaterThan(30);
});

function isThere(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? from : join(dirname(from), decodeURI(path));
  if (!existsSync(target)) return false;
  return anchor === undefined || valuesOf(pages.get(target) ?? '', 'id').includes(decodeURIComponent(anchor));
}

test('a page is reached from each page, runs no script and loads nothing from elsewhere', () => {
  for (const [file, text] of pages) {
    expect(valuesOf(text, 'href').filter((link) => link.endsWith('commands.html'))).not.toEqual([]);
    expect(text).not.toMatch(/<script|<style| style=| on\w+="|<(img|link)[^>]*(src|href)="(https?:|\/)/);
    expect(text).toMatch(/<title>[^<]+<\/title>/);
    expect(text.match(/<h1/g), file).toHaveLength(1);
    const ids = valuesOf(text, 'id');
    expect(new Set(ids).size, file).toBe(ids.length);
  }
});

test('the reference has each command and each key of the configuration', async () => {
  const commands = pages.get(join(site, 'commands.html')) ?? '';
  const program = await programOf(() => undefined);
  for (const verb of program.commands) expect(commands).toContain(`epr-static ${verb.name()} `);
  const configuration = pages.get(join(site, 'configuration.html')) ?? '';
  expect(configuration).toContain('<code>distributions.NAME.precompute.specs</code>');
});

describe('the commands of the documents', () => {
  const documents = ['', 'docs', 'docs/decisions'].flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  const commands = documents.map((path) => ({
    path,
    found: docCommands(readFileSync(join(REPOSITORY, path), 'utf8')),
  }));

  test('are found', () => {
    expect(commands.flatMap(({ found }) => found.filter(({ isWhole }) => isWhole)).length).toBeGreaterThan(60);
  });

  test.each(commands.filter(({ found }) => found.length > 0))(
    '$path names verbs and options that are there',
    async ({ found }) => {
      const wrong: string[] = [];
      for (const command of found) {
        const fault = await faultOf(command);
        if (fault !== undefined) wrong.push(`${command.written}: ${fault}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  test.each([
    ['epr-static bild --dist a', 'unknown command'],
    ['epr-static build --dits a', 'unknown option'],
    ['epr-static build --dist a --target apache', 'Allowed choices'],
    ['npm run bild -- --dist a', 'no script'],
    ['npm run build -- --dits a', 'unknown option'],
  ])('%s would be found', async (line, fault) => {
    const [command] = docCommands(`    $ ${line}`);
    expect(await faultOf(command as DocCommand)).toContain(fault);
  });
});

const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

/** What is wrong with a command; undefined if the program would run it. */
async function faultOf({ words, isWhole }: DocCommand): Promise<string | undefined> {
  if (words[0] === 'epr-static') return await usageFault(words.slice(1), isWhole);
  const [name = '', ...rest] = words.slice(2).filter((word) => word !== '--silent' && word !== '--');
  const script = scripts[name];
  if (script === undefined) return `no script ${name}`;
  const verb = /node lib\/cli\.js (\S+)$/.exec(script)?.[1];
  return verb === undefined ? undefined : await usageFault([verb, ...rest], isWhole);
}

async function usageFault(words: readonly string[], isWhole: boolean): Promise<string | undefined> {
  const program = await programOf(() => undefined);
  const given = words.filter((word) => !/^\[.*\]$|^…$/.test(word));
  for (const command of program.commands.flatMap((verb) => [verb, ...verb.commands])) withoutAct(command);
  if (!isWhole) return nameFault(program, given);
  try {
    await program
      .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
      .parseAsync(given, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? undefined : error.message;
    throw error;
  }
}

function withoutAct(command: CommandUnknownOpts): void {
  command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined, outputError: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
}

/** Of a command in a sentence, only verbs and options are known. */
function nameFault(
  program: Pick<CommandUnknownOpts, 'commands'>,
  [verb, ...rest]: readonly string[],
): string | undefined {
  if (verb === undefined || verb.startsWith('-')) return undefined;
  const found = program.commands.find((one) => one.name() === verb);
  if (!found) return `unknown command ${verb}`;
  const options = [found, ...found.commands].flatMap((one) => one.options);
  const unknown = rest.find(
    (word) => /^--?[a-z]/.test(word) && !options.some(({ long, short }) => long === word || short === word),
  );
  return unknown === undefined || unknown === '--help' ? undefined : `unknown option ${unknown}`;
}
