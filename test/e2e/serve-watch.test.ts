import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { run, start, temporaryFolder } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import { USER } from '../support/workflow.ts';
import { zipMaker } from '../support/zips.ts';

/* `serve --watch`, while somebody writes packages. What is waited for may take a minute, so that no busy machine fails a test. */

interface Watched {
  /** Waits until the answer to /search?all=true lists just these. */
  serves(...ids: readonly string[]): Promise<void>;
  /** Waits until the program has printed it since the last call. */
  prints(text: string | RegExp): Promise<void>;
  stop(): Promise<{ status: number | null; stderr: string }>;
}

async function watch(cwd: string, ...args: readonly string[]): Promise<Watched> {
  const env = { XDG_CACHE_HOME: join(cwd, 'caches') };
  const { child, finished } = start(['serve', '--port', '0', ...args], { cwd, env });
  let printed = '';
  let seen = 0;
  child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')));
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 60_000; !(await isSo());) {
      if (child.exitCode !== null || Date.now() > end) throw new Error(`it ended, or waits: ${printed}`);
      await pause(50);
    }
  };
  await until(() => printed.includes('Ctrl-C'));
  const url = / at (http:\S+)/.exec(printed)?.[1] ?? '';
  return {
    serves: async (...ids) =>
      await until(async () => {
        const reply = await fetch(`${url}/search?all=true`);
        if (reply.status !== 200) return false;
        const found = (await reply.json()) as { name: string; version: string }[];
        return ids.join() === found.map(({ name, version }) => `${name}@${version}`).join();
      }),
    prints: async (text) => {
      await until(() => printed.slice(seen).search(text) >= 0);
      seen = printed.length;
    },
    stop: async () => {
      child.kill('SIGTERM');
      return await finished;
    },
  };
}

describe('a folder storage', () => {
  test('is built again as it changes; what is broken is told, and the last good site stays', async () => {
    const cwd = temporaryFolder();
    const layer = join(cwd, 'content/storage/one');
    writeFiles(cwd, { 'content/distributions.yml': distributions('storage', ['one']) });
    writeFiles(layer, under('packages', packageFiles('acme', '1.0.0')));
    const watched = await watch(cwd, '--watch', '--dist', 'all');
    await watched.serves('acme@1.0.0');
    await watched.prints(/built 1 package version/);

    writeFiles(layer, under('packages', packageFiles('acme', '1.1.0')));
    await watched.serves('acme@1.0.0', 'acme@1.1.0');
    await watched.prints(/(built|extended) 2 package versions/);

    const manifest = join(layer, 'packages/acme/1.1.0/manifest.yml');
    const text = String(packageFiles('acme', '1.1.0')['acme/1.1.0/manifest.yml']);
    writeFileSync(manifest, 'name: [');
    await watched.prints(
      /the last good site stays[^]*error {2,}one: packages\/acme\/1\.1\.0\/manifest\.yml: [^]*\[unfit\]/,
    );
    await watched.serves('acme@1.0.0', 'acme@1.1.0');
    writeFileSync(`${manifest}.new`, text); // as editors do
    renameSync(`${manifest}.new`, manifest);
    await watched.prints(/solved {2,}one: packages\/acme\/1\.1\.0\/manifest\.yml/);

    rmSync(join(layer, 'packages/acme/1.0.0'), { recursive: true });
    await watched.serves('acme@1.1.0');
    writeFileSync(join(cwd, 'content/distributions.yml'), 'registry: [');
    await watched.prints(/error {2,}the build: [^]*\[not-built\]/);
    writeFileSync(join(cwd, 'content/distributions.yml'), distributions('storage', ['one', 'two']));
    writeFiles(join(cwd, 'content/storage/two'), under('packages', packageFiles('beta', '1.0.0')));
    await watched.serves('acme@1.1.0', 'beta@1.0.0');
    expect(await watched.stop()).toMatchObject({ status: 0, stderr: '' });
  });

  test('that is broken from the start is served without what is broken', async () => {
    const cwd = temporaryFolder();
    writeFiles(cwd, { 'content/distributions.yml': distributions('storage', ['one']) });
    const broken = packageFiles('beta', '1.0.0', { 'manifest.yml': 'name: [' });
    writeFiles(join(cwd, 'content/storage/one'), under('packages', { ...packageFiles('acme', '1.0.0'), ...broken }));
    const watched = await watch(cwd, '--watch', '--dist', 'all');
    await watched.serves('acme@1.0.0');
    await watched.prints(/built 1 package version, without beta@1\.0\.0[^]*error {2,}one: packages\/beta/);
    await watched.stop();
  });
});

/** A package as a zip of elastic-package. */
function zip(version: string): Buffer {
  const files = Object.entries(packageFiles('acme', version)).map(
    ([path, content]) => [path.replace(/^acme\/[^/]*\//, ''), Buffer.from(content)] as const,
  );
  return zipMaker(temporaryFolder()).make(`acme-${version}`, new Map(files))?.bytes ?? Buffer.alloc(0);
}

test("a folder of packages, as elastic-package's build leaves them: folders, zips, or both", async () => {
  const cwd = temporaryFolder();
  const packages = join(cwd, 'build/packages');
  writeFiles(packages, packageFiles('acme', '1.0.0'));
  const watched = await watch(cwd, '--packages', 'build/packages');
  await watched.serves('acme@1.0.0');
  writeFiles(packages, { ...packageFiles('acme', '1.1.0'), 'acme-1.1.0.zip': zip('1.1.0') });
  await watched.serves('acme@1.0.0', 'acme@1.1.0');
  writeFiles(packages, { 'acme-1.2.0.zip': zip('1.2.0') });
  await watched.serves('acme@1.0.0', 'acme@1.1.0', 'acme@1.2.0');
  expect(await watched.stop()).toMatchObject({ status: 0, stderr: '' });
});

test('a git storage is built again when a branch moves', async () => {
  const cwd = temporaryFolder();
  expect(await run(['init', 'registry'], { cwd, env: USER })).toMatchObject({ status: 0 });
  const watched = await watch(join(cwd, 'registry'), '--watch', '--dist', 'snapshot');
  await watched.serves('spool_reader@1.1.0');
  writeFiles(join(cwd, 'work'), packageFiles('acme', '1.0.0'));
  const adding = ['add', '../work/acme/1.0.0', '--layer', 'snapshot', '--apply'];
  expect(await run(adding, { cwd: join(cwd, 'registry'), env: USER })).toMatchObject({ status: 0 });
  await watched.serves('acme@1.0.0', 'spool_reader@1.1.0');
  await watched.stop();
});

test.each([
  [['--dist', 'a', '--skip-unfit'], /--skip-unfit is for --watch/],
  [['--dist', 'a', '--storage', 'b'], /--storage is for --watch/],
  [['--dir', 'a', '--watch'], /--watch' cannot be used with/],
  [['--packages', 'a', '--dist', 'b'], /cannot be used with/],
  [
    ['--watch', '--dist', 'all', '--storage', 'https://u:p@a.example/b.git'],
    /https:\/\/a\.example\/b\.git can't be watched/,
  ],
  [['--watch', '--dist', 'none'], /no distribution/],
])('%j is refused', async (args, message) => {
  const cwd = temporaryFolder();
  writeFiles(cwd, { 'content/distributions.yml': distributions('storage', ['one']) });
  const failed = await run(['serve', '--port', '0', ...args], { cwd });
  expect(failed).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(message) });
});
