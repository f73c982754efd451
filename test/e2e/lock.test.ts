import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { tryLock } from '../../src/tree/commit/lock.ts';
import { cleanEnvironment, program, run, siteFaults, start, temporaryFolder } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/* Builds of one site at the same time: one builds, the others wait. */

function project(): string {
  const folder = temporaryFolder();
  const packages = Object.assign({}, ...Array.from({ length: 12 }, (_, i) => packageFiles(`pkg_${i}`, '1.0.0')));
  writeFiles(folder, { 'content/distributions.yml': distributions('storage', ['one']) });
  writeFiles(join(folder, 'content/storage/one'), under('packages', packages));
  return folder;
}

/** The program as the first process of a process namespace, as in a container: there, each has the id 1. */
const IN_NAMESPACE = ['--fork', '--pid', '--mount-proc', process.execPath];
const hasNamespaces = spawnSync('unshare', [...IN_NAMESPACE, '--version']).status === 0;
if (!hasNamespaces)
  process.stderr.write('lock.test.ts: unshare makes no process namespaces here: one test is SKIPPED\n');

async function runInNamespace(
  args: readonly string[],
  cwd: string,
): Promise<{ status: number | null; stderr: string }> {
  const child = spawn('unshare', [...IN_NAMESPACE, program, ...args], { cwd, env: cleanEnvironment() });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  return await new Promise((resolve) => child.once('close', (status) => resolve({ status, stderr })));
}

test.skipIf(!hasNamespaces)('builds whose process ids are the same, since each runs in a container', async () => {
  const folder = project();
  for (let round = 0; round < 4; round++) {
    const builds = [1, 2, 3].map(() => runInNamespace(['build', '--dist', 'all'], folder));
    const ended = await Promise.all(builds);
    expect(ended.map(({ status, stderr }) => (status === 0 ? 'built' : stderr))).toEqual(Array(3).fill('built'));
    expect(siteFaults(join(folder, 'dist/all'))).toEqual([]);
    expect(readdirSync(join(folder, 'dist'))).toEqual(['all']);
  }
});

test('a build waits for another process, says for which, and goes on when that ends', async () => {
  const folder = project();
  const lock = tryLock(join(folder, 'dist/all'));
  const { child, finished } = start(['build', '--dist', 'all', '--json'], { cwd: folder });
  await new Promise((resolve) => child.stderr?.once('data', resolve));
  lock?.release();
  expect(await finished).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(
      `^Waiting for another build of ${folder}/dist/all to end: process ${process.pid} on ${hostname()}, since .*\n$`,
    ),
  });
  expect(siteFaults(join(folder, 'dist/all'))).toEqual([]);
});

test('the lock of a build that was killed keeps nobody waiting', async () => {
  const folder = project();
  const { child, finished } = start(['build', '--dist', 'all'], { cwd: folder });
  const isLocked = (): boolean => existsSync(join(folder, 'dist/.all.lock'));
  while (child.exitCode === null && !isLocked()) await pause(1);
  child.kill('SIGKILL');
  await finished;
  expect(await run(['build', '--dist', 'all'], { cwd: folder })).toMatchObject({ status: 0 });
  expect(readdirSync(join(folder, 'dist'))).toEqual(['all']);
});
