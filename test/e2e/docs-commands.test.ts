import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CONSOLE_PAGES } from '../support/console.ts';
import { shellBlocks } from '../support/doc-lines.ts';
import type { ShellBlock } from '../support/doc-lines.ts';
import { runSession } from '../support/doc-run.ts';
import { runsHere, ELSEWHERE, SESSIONS } from '../support/doc-sessions.ts';
import { REPOSITORY } from '../support/source.ts';
import { hasVersitygw } from '../support/versitygw.ts';

/*
 * The commands of the documents as they stand, in order. Only what a reader replaces is replaced: the bucket, the addresses of the object
 * store and of the site, ports, folders of the machine. docs.test.ts runs the pages that also show what is printed.
 */

const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md'].concat(
  ['docs', 'docs/decisions'].flatMap((folder) =>
    readdirSync(REPOSITORY + folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
);
const blocks = new Map(documents.map((page) => [page, shellBlocks(readFileSync(REPOSITORY + page, 'utf8'))]));

/** The pages that have such commands. */
function pagesWith(isOne: (command: string, kind: ShellBlock['kind']) => boolean): string[] {
  const pages = [...blocks].filter(([, own]) =>
    own.some(({ kind, commands }) => commands.some((command) => isOne(command, kind))),
  );
  return pages.map(([page]) => page).sort();
}

describe('each command of a document', () => {
  test('runs in a test, or stands in the list of those that run elsewhere', () => {
    expect(pagesWith((_, kind) => kind === 'console')).toEqual([...CONSOLE_PAGES].sort());
    expect(pagesWith((command, kind) => kind !== 'console' && runsHere(command))).toEqual(Object.keys(SESSIONS));
  });

  test('that runs elsewhere is right for a shell, and the list has no other', () => {
    const commands = [...blocks.values()].flat().flatMap((block) => block.commands);
    const elsewhere = commands.map((command) => command.replace(/^\$ /, '')).filter((command) => !runsHere(command));
    for (const [pattern] of ELSEWHERE) expect(elsewhere.filter((one) => pattern.test(one))).not.toEqual([]);
    expect(elsewhere.filter((one) => spawnSync('bash', ['-n', '-c', one]).status !== 0)).toEqual([]);
  });
});

describe.each(Object.entries(SESSIONS))('%s', (page, session) => {
  test.skipIf(session.hasBucket === true && !hasVersitygw())('has commands that do their work', async () => {
    const own = blocks.get(page)?.filter(({ kind }) => kind !== 'console') ?? [];
    expect(own).not.toEqual([]);
    expect(await runSession(session, own)).toEqual([]);
  });
});
