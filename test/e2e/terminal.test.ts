import { mkdirSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run, startServer, temporaryFolder } from '../support/cli.ts';
import { createRepository, packageFiles, under, writeFiles } from '../support/repository.ts';
import type { Files } from '../support/repository.ts';

/* Whatever a storage holds, no verb prints a character that a terminal obeys. */

/** Clears the screen, by C0 and by C1, and turns the direction of writing. Names of git can hold the last two only. */
const EVIL = '\x1b[2J\x9b2J\u202e\u2028\r\nnext';
const NAME = '\x9b2J\u202e';
const cwd = temporaryFolder();
const storage = join(cwd, `storage${NAME}.git`);
const folder = join(cwd, `folder${EVIL.replaceAll('\n', '')}`);

/** The same in YAML, which takes no control characters as they are. */
const SAID = `"${[...EVIL].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;

/** A package that is fit, and says such things in its texts. */
function speaking(version: string, more: Files = {}): Files {
  const files = packageFiles('acme', version, { [`docs/a${EVIL}.md`]: 'x', [`img/a${EVIL} .svg`]: '<svg/>', ...more });
  const manifest = String(files[`acme/${version}/manifest.yml`]);
  return {
    ...files,
    [`acme/${version}/manifest.yml`]: `${manifest.replace(/^title:.*$/m, `title: ${SAID}`)}categories: [${SAID}]\n`,
  };
}

const UNFIT: Files = {
  [`ac${EVIL}me/1.0.0/manifest.yml`]: 'name: x\n',
  [`acme/1.0${EVIL}/manifest.yml`]: `name: ${SAID}\nversion: ${SAID}\n`,
  [`bad/1.0.0/manifest.yml`]: `name: bad\n${JSON.stringify(EVIL)}: [\n`,
  [`bad-1.0.0${EVIL}.zip`]: 'no zip',
  [`stray${EVIL}`]: '',
};

const branch = `evil${NAME}`;
const config = `registry: 1.40.1
storage: .
layers: { evil: { ref: ${JSON.stringify(branch)}, overwrite: never, remove: never }, top: {}, unfit: {} }
distributions:
  all: { layers: [top, evil] }
  unfit: { layers: [unfit, top] }
`;

beforeAll(async () => {
  const repository = createRepository(storage);
  repository.commit('top', repository.treeOf(under('packages', speaking('1.0.0'))));
  repository.commit(branch, repository.treeOf(under('packages', { ...speaking('1.0.0'), ...speaking('1.1.0') })));
  repository.commit('unfit', repository.treeOf(under('packages', { ...UNFIT, ...speaking('2.0.0') })));
  repository.commit('main', repository.treeOf({ 'distributions.yml': config }));
  repository.git('symbolic-ref', 'HEAD', 'refs/heads/main');
  writeFiles(join(folder, `acme${EVIL}`), speaking('3.0.0'));
  writeFiles(join(folder, 'fit'), speaking('3.0.0'));
  writeFiles(join(cwd, 'broken'), {
    'distributions.yml': `registry: ${SAID}\n${SAID}: 1\n`,
  });
  writeFiles(cwd, { 'evil.yml': config });
  mkdirSync(join(cwd, `out${NAME}`));
  const { status, stdout, stderr } = await run(['build', ...from, ...site], { cwd });
  expect(stderr).toBe('');
  expect(status, stdout).toBe(0);
});

const from = ['--storage', storage, '--config', 'evil.yml'];
const site = ['--out', `out${NAME}`, '--dist', 'all'];

const commands: readonly (readonly string[])[] = [
  ['build', ...from, ...site],
  ['build', ...from, ...site, '--target', 'nginx'],
  ['build', ...from, '--all'],
  ['build', ...from, '--dist', 'unfit', '--skip-unfit'],
  ['build', ...from, '--dist', EVIL],
  ['build', ...from, '--dist', 'all', '--ref', `top=${EVIL}`],
  ['build', '--dist', 'all', '--config', 'broken/distributions.yml'],
  ['build', '--dist', 'all', '--storage', `none${EVIL}`],
  ['verify', `out${NAME}/all`],
  ['bundle', ...site],
  ['list', ...from, '--dist', 'all'],
  ['list', ...from, '--dist', 'all', '--long'],
  ['list', ...from, '--dist', 'unfit', '--long'],
  ['list', '--dir', `out${NAME}/all`, '--long'],
  ['explain', 'acme', ...from, '--dist', 'all'],
  ['explain', ...from, '--dist', 'unfit'],
  ['explain', 'acme', EVIL, ...from, '--dist', 'all'],
  ['explain', `acme${EVIL}`, ...from, '--dist', 'all'],
  ['explain', 'acme', '--dir', `out${NAME}/all`, '--category', EVIL],
  ['check', ...from, '--layer', 'evil'],
  ['check', ...from, '--layer', 'unfit'],
  ['check', ...from, '--layer', 'unfit', '--github'],
  ['check', ...from, '--layer', EVIL],
  ['diff', 'all', 'unfit', ...from],
  ['diff', 'all', 'unfit', ...from, '--markdown'],
  ['diff', 'top', 'unfit', ...from],
  ['add', join(folder, 'fit/acme/3.0.0'), ...from, '--layer', 'evil'],
  ['add', join(folder, `acme${EVIL}`), ...from, '--layer', 'evil'],
  ['promote', 'acme', '1.1.0', ...from, '--from', 'evil', '--to', 'top'],
  ['promote', 'acme', EVIL, ...from, '--from', 'evil', '--to', 'top'],
  ['remove', 'acme', '1.1.0', ...from, '--layer', 'evil'],
  ['remove', `acme${EVIL}`, '1.1.0', ...from, '--layer', 'evil'],
  ['tag', '8.5.0', ...from, '--layer', 'unfit'],
  ['tag', EVIL, ...from],
  ['init', `new${EVIL}`],
  ['cache', 'prune', '--cache', `cache${EVIL}`],
  ['completion', 'bash'],
];

/** Everything but line breaks that a terminal may obey. */
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

describe('no verb prints control characters', () => {
  test.each(commands.map((command) => [command] as const))('%j', async (command) => {
    for (const args of [command, [...command, '--json']]) {
      if (command[0] === 'completion' && args !== command) continue;
      const { stdout, stderr } = await run(args, { cwd });
      for (const output of [stdout, stderr]) {
        expect(OBEYED.exec(output), output).toBeNull();
        expect(output).not.toMatch(/^next/m);
      }
      expect(stdout + stderr).not.toMatch(/bug|\n {4}at /);
      expect(stdout + stderr).not.toBe('');
    }
  });

  test('serve, in its log', async () => {
    const server = await startServer(['--dir', `out${NAME}/all`, '--log'], { cwd });
    await new Promise((resolve) => get(`${server.url}/search?package=%1b\x9b`, resolve));
    await server.stop();
    expect(OBEYED.exec(server.greeting), server.greeting).toBeNull();
  });
});
