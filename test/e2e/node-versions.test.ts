import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanEnvironment, temporaryFolder } from '../support/cli.ts';
import { REPOSITORY } from '../support/source.ts';
import { USER } from '../support/workflow.ts';

/*
 * The npm package with its dependencies, as npm installs them, on the oldest Node that it takes and on those after it. Their programs
 * come from npm, too. Where its registry can't be reached, this is skipped; with EPR_STATIC_HOSTS=required, as in CI, it fails.
 */

const VERSIONS = ['20.19.0', '22', '24'];

const root = temporaryFolder();
const isReached = install();

/** Whether npm could install everything. */
function install(): boolean {
  const nodes = VERSIONS.map((version) => `node-${version}@npm:node-${process.platform}-${process.arch}@${version}`);
  const quiet = [
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--prefer-offline',
    '--fetch-retries=1',
    '--fetch-timeout=60000',
    '--loglevel=error',
  ];
  writeFileSync(join(root, 'package.json'), '{}');
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', root], { cwd: REPOSITORY });
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', `npm install ${[...quiet, ...nodes].join(' ')} ./epr-static-*.tgz`],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  if (status === 0) return true;
  const text = `npm can't install Node ${VERSIONS.join(', ')}: ${stderr}`;
  if (process.env['EPR_STATIC_HOSTS'] === 'required') throw new Error(text);
  process.stderr.write(`\nSKIPPED: the npm package on other versions of Node: ${text}\n\n`);
  return false;
}

describe.skipIf(!isReached).each(VERSIONS)('Node %s', (version) => {
  const node = join(root, 'node_modules', `node-${version}`, 'bin');
  const program = join(root, 'node_modules/.bin/epr-static');
  const home = join(root, `home-${version}`);
  const env = { ...cleanEnvironment(), ...USER, PATH: `${node}${delimiter}${process.env['PATH']}`, HOME: home };
  const run = (args: readonly string[], cwd: string): string => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  };

  test('starts, builds, verifies, and serves a search', { timeout: 120_000 }, async () => {
    expect(execFileSync('node', ['--version'], { env, encoding: 'utf8' })).toMatch(new RegExp(`^v${version}\\b`));
    const storage = join(root, `storage-${version}`);
    run(['init', storage], root);
    expect(run(['build', '--dist', 'snapshot'], storage)).toContain('built ');
    expect(run(['verify', 'dist/snapshot'], storage)).toContain('whole ');
    const server = spawn(program, ['serve', '--dist', 'snapshot', '--port', '0'], { cwd: storage, env });
    const [greeting] = (await once(server.stdout, 'data')) as [Buffer];
    const url = / at (http:\S+)/.exec(String(greeting))?.[1];
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(await (await fetch(`${url}/search`)).json()).toHaveLength(1);
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  });
});
