import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { run, shippedContent, temporaryFolder } from '../support/cli.ts';
import { canMount, mountDisk } from '../support/disk.ts';

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
