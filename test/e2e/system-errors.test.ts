import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { run, shippedContent, temporaryFolder } from '../support/cli.ts';
import { canMount, mountDisk } from '../support/disk.ts';
import { createRepository, distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/* What commands say where the operating system refuses something: two plain lines, exit status 2. */

const cwd = temporaryFolder();
const cli = fileURLToPath(new URL('../../lib/cli.js', import.meta.url));
cpSync(shippedContent, join(cwd, 'content'), { recursive: true });

/** Runs a command in a shell; its output is what the shell lets through. */
function shell(command: string): string {
  return execFileSync('bash', ['-o', 'pipefail', '-c', command], { cwd, encoding: 'utf8', stdio: 'pipe' });
}

describe.skipIf(!canMount)('a build on a full disk', () => {
  test('names a file of the site, and leaves nothing', async () => {
    const disk = join(cwd, 'full-out');
    mountDisk(disk, 'size=200k');
    const { status, stderr } = await run(['build', '--dist', 'staging', '--out', disk], { cwd });
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^error can't \w+ .*full-out.*: no space left on device \[ENOSPC\]\n {2}free some space.*\n$/m,
    );
    expect(stderr).not.toMatch(/bug|\n {4}at /);
    expect(readdirSync(disk)).toEqual([]);
  });

  test('leaves nothing where not even a lock finds room', async () => {
    const disk = join(cwd, 'full-from-the-start');
    mountDisk(disk, 'size=64k');
    writeFileSync(join(disk, 'all-of-it'), Buffer.alloc(64 * 1024));
    const { status, stderr } = await run(['build', '--dist', 'staging', '--out', join(disk, 'sites')], { cwd });
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('ENOSPC') as string });
    expect(readdirSync(disk)).toEqual(['all-of-it']);
  });

  test('names the cache, where that is full', async () => {
    const disk = join(cwd, 'full-cache');
    mountDisk(disk, 'size=200k');
    const { status, stderr } = await run(['build', '--dist', 'staging', '--cache', disk], { cwd });
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^error can't \w+ .*full-cache.*: no space left on device \[ENOSPC\]\n {2}free some space.*\n$/m,
    );
    expect(stderr).not.toMatch(/bug|\n {4}at /);
    expect(existsSync(join(cwd, 'dist/staging'))).toBe(false);
    const left = readdirSync(disk, { recursive: true, encoding: 'utf8' });
    expect(left.filter((path) => path.endsWith('.tmp'))).toEqual([]);
  });
});

test.skipIf(!canMount)('a new storage on a full disk leaves nothing', async () => {
  const disk = join(cwd, 'full-storage');
  mountDisk(disk, 'size=64k');
  const { status, stderr } = await run(['init', join(disk, 'storage')], { cwd });
  expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('No space left on device') });
  expect(stderr).not.toMatch(/bug|\n {4}at /);
  expect(readdirSync(join(disk, 'storage'))).toEqual([]);
});

/** A storage on a disk of its own, and how git describes all of it. */
function storageOn(disk: string): { folder: string; refs(): string } {
  mountDisk(disk, 'size=2m');
  const repository = createRepository(join(disk, 'storage.git'));
  repository.commit('top', repository.treeOf(under('packages', packageFiles('other', '1.0.0'))));
  repository.commit('low', repository.treeOf(under('packages', packageFiles('acme', '1.0.0'))));
  const layers = distributions('.', ['top', 'low']);
  repository.commit('main', repository.treeOf({ 'distributions.yml': layers }));
  repository.git('symbolic-ref', 'HEAD', 'refs/heads/main');
  return { folder: repository.folder, refs: () => repository.git('for-each-ref') };
}

/** Leaves no room on a disk. */
function fillUp(disk: string): void {
  for (const size of [2 ** 16, 2 ** 12])
    expect(() => {
      for (;;) appendFileSync(join(disk, 'fill'), Buffer.alloc(size));
    }).toThrow('ENOSPC');
}

describe.skipIf(!canMount)('a storage that takes nothing', () => {
  const changes: readonly (readonly string[])[] = [
    ['add', join(cwd, 'new/acme/2.0.0'), '--layer', 'low'],
    ['promote', 'acme', '1.0.0', '--from', 'low', '--to', 'top'],
    ['remove', 'acme', '1.0.0', '--layer', 'low'],
    ['tag', '8.5.0', '--layer', 'low'],
  ];

  test.each([
    ['full', 'No space left on device'],
    ['read-only', 'Read-only file system'],
  ])('since its disk is %s', async (how, reason) => {
    writeFiles(join(cwd, 'new'), packageFiles('acme', '2.0.0', { 'docs/large.md': randomBytes(2 ** 20) }));
    const disk = join(cwd, `storage-${how}`);
    const { folder, refs } = storageOn(disk);
    const before = refs();
    if (how === 'read-only') execFileSync('mount', ['-o', 'remount,ro', disk]);
    else fillUp(disk);
    const me = { NAME: 'me', EMAIL: 'me@example.com' };
    const env = Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => Object.entries(me).map(([key, value]) => [`GIT_${who}_${key}`, value])),
    );
    for (const args of changes) {
      const { status, stderr } = await run([...args, '--storage', folder], { cwd, env });
      expect({ args, status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining(reason) });
      expect(stderr).toMatch(/^error .*\[[\w-]+\]\n( {2}.*\n)?$/);
      expect(stderr).not.toMatch(/bug|\n {4}at /);
      expect(refs()).toBe(before);
    }
    // git itself leaves objects that it could not finish, and `git gc` removes them.
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(left.filter((path) => /\.lock$|\.tmp$/.test(path))).toEqual([]);
  });

  test('a lock file on a full disk is named, and stays', async () => {
    const { folder } = storageOn(join(cwd, 'storage-lock'));
    const disk = join(cwd, 'full-config');
    mountDisk(disk, 'size=64k');
    const config = join(disk, 'distributions.yml');
    writeFileSync(config, distributions(folder, ['top']));
    const build = ['build', '--dist', 'all', '--config', config, '--lock', '--out', 'locked'];
    expect(await run(build, { cwd })).toMatchObject({ status: 0 });
    const file = join(disk, 'distributions.lock.json');
    const before = readFileSync(file);
    fillUp(disk);
    const { status, stderr } = await run(build, { cwd });
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`${file}: no space left on device [ENOSPC]`),
    });
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(disk).sort()).toEqual(['distributions.lock.json', 'distributions.yml', 'fill']);
  });
});

test.each([[24], [32], [40]])(
  'a process that may open %i files says so, also while the program is loaded',
  async (most) => {
    const { status, stderr } = spawnSync(
      'bash',
      ['-c', `ulimit -n ${most}; exec node ${cli} build --dist staging --out few`],
      {
        cwd,
        encoding: 'utf8',
      },
    );
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('too many open files [EMFILE]'),
    });
    expect(stderr).toMatch(/^error can't .*\n {2}allow more open files/m);
    expect(stderr).not.toMatch(/bug|\n {4}at /);
  },
);

test('a path that goes through a file is named', async () => {
  writeFileSync(join(cwd, 'file'), '');
  const { status, stderr } = await run(['build', '--dist', 'staging', '--out', 'file/out'], { cwd });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error can't \w+ \S*\/file\/out\S*: not a directory \[ENOTDIR\]\n {2}a part of that path/);
});

test.skipIf(!existsSync('/proc/self'))('a folder that the system refuses is named', async () => {
  const { status, stderr } = await run(['build', '--dist', 'staging', '--out', '/proc/none/out'], { cwd });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error can't create \/proc\/none: no such file or directory \[ENOENT\]\n/m);
});

test.skipIf(!existsSync('/dev/full'))('output that goes to a full disk is an error', () => {
  expect(() => shell(`node ${cli} list --dist staging >/dev/full`)).toThrow(
    "error can't write the output: no space left on device [ENOSPC]",
  );
});

test('a reader that has enough ends nothing and is no error', () => {
  expect(shell(`node ${cli} list --dist staging --json | head -c 1`)).toBe('{');
});
