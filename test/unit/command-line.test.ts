import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine, pathWord, shellQuote } from '../../src/command-line.ts';
import { tableLines } from '../../src/commands/table.ts';

/* Lines to paste, and lines that fit. */

test.each(['plain', '', 'two words', "it's", '$(id)', 'a"b', '`id`', '~', '*', 'a\nb', '-x', 'ä', '!'])(
  'a shell reads %j',
  (word) => {
    const printed = execFileSync('sh', ['-c', `printf '%s.' ${shellQuote(word)}`], { encoding: 'utf8' });
    expect(printed).toBe(`${word}.`);
  },
);

describe('a command line', () => {
  const root = resolve(import.meta.dirname, '../..');
  const words = ['build', '--dist', 'a b'];
  const npm = { npm_lifecycle_event: 'build', npm_package_json: `${root}/package.json` };
  test.each([
    ['installed', '/usr/bin/epr-static', '/home', { PATH: '/bin:/usr/bin' }, "epr-static build --dist 'a b'"],
    ['elsewhere', '/opt/x/epr-static', '/opt', { PATH: '/bin' }, "x/epr-static build --dist 'a b'"],
    ['in a clone', `${root}/lib/cli.js`, root, {}, "node lib/cli.js build --dist 'a b'"],
    ['from another folder', `${root}/lib/cli.js`, '/home', {}, `node ${root}/lib/cli.js build --dist 'a b'`],
    ['by npm in a clone', `${root}/lib/cli.js`, root, { ...npm, INIT_CWD: root }, "npm run build -- --dist 'a b'"],
    [
      'by npm from elsewhere',
      `${root}/lib/cli.js`,
      root,
      { ...npm, INIT_CWD: '/home' },
      `npm --prefix ${root} run build -- --dist 'a b'`,
    ],
    [
      'by npx',
      '/home/node_modules/.bin/epr-static',
      '/home',
      { PATH: '/home/node_modules/.bin', npm_lifecycle_event: 'npx', npm_package_json: '/home/package.json' },
      "npx epr-static build --dist 'a b'",
    ],
  ])('as the program was started: %s', (_, script, folder, environment, line) => {
    expect(commandLine(words, undefined, { script, folder, environment })).toBe(line);
  });

  test('of a verb that is no script, and for another folder', () => {
    const start = { script: `${root}/lib/cli.js`, folder: root, environment: { ...npm, INIT_CWD: root } };
    expect(commandLine(['list'], undefined, start)).toBe('node lib/cli.js list');
    expect(commandLine(['build'], '/home', start)).toBe(`node ${root}/lib/cli.js build`);
  });
});

test.each([
  ['/home/dist/a b', "'dist/a b'"],
  ['/home', '.'],
  ['/srv/sites', '/srv/sites'],
])('the path %s as a word', (path, word) => {
  expect(pathWord(path, { script: '', folder: '/home', environment: {} })).toBe(word);
});

describe('a table', () => {
  const columns = [
    { title: 'NAME', values: ['a', 'a_long_package_name'], least: 10 },
    { title: 'SIZE', values: ['1 B', '20 kB'], align: 'right' as const },
    { title: 'KIBANA', values: ['^7.17.0 || ^8.0.0 || ^9.0.0', 'any'], least: 10 },
  ];

  test('has aligned columns', () => {
    expect(tableLines(columns, Infinity)).toEqual([
      'NAME                  SIZE  KIBANA',
      'a                      1 B  ^7.17.0 || ^8.0.0 || ^9.0.0',
      'a_long_package_name  20 kB  any',
    ]);
  });

  test('cuts the last columns first', () => {
    expect(tableLines(columns, 45)[2]).toBe('a_long_package_name  20 kB  any');
  });

  test.each([54, 40, 30, 10])('fits into %i characters', (width) => {
    const lines = tableLines(columns, width);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
    if (width >= 30) expect(lines.every((line) => / B {2}| kB {2}|SIZE {2}/.test(line))).toBe(true);
  });
});
