import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { run, shippedContent, start, temporaryFolder } from '../support/cli.ts';
import { canMount, mountDisk } from '../support/disk.ts';

/* `epr-static bundle` when it can't end well: what it says then, and that it leaves nothing behind. */

const cwd = temporaryFolder();
const site = join(cwd, 'dist/staging');
const large = join(cwd, 'dist/staging.nginx/large');
const usb = join(cwd, 'usb');
const file = join(usb, 'packages.tar.gz');
const bundle = ['bundle', '--dist', 'staging', '--file', file];

beforeAll(async () => {
  cpSync(shippedContent, join(cwd, 'content'), { recursive: true });
  expect(await run(['build', '--dist', 'staging'], { cwd })).toMatchObject({ status: 0 });
  mkdirSync(join(cwd, 'dist/staging.nginx'));
  mkdirSync(usb);
});

/** Takes so long to pack that a test can step in: half-way, the file is there under another name. */
function makeLarge(size = 300e6): void {
  writeFileSync(large, '');
  truncateSync(large, size);
}

async function untilHalfWay(): Promise<string> {
  for (;;) {
    const half = readdirSync(usb).find((name) => /^packages\.tar\.gz\..*\.tmp$/.test(name));
    if (half !== undefined && statSync(join(usb, half)).size > 0) return half;
    await pause(5);
  }
}

describe('an ended run', () => {
  beforeAll(() => makeLarge(4e9));

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: it takes away what it had begun', async (signal, status) => {
    const { child, finished } = start(bundle, { cwd });
    await untilHalfWay();
    child.kill(signal);
    expect(await finished).toMatchObject({ status });
    expect(readdirSync(usb)).toEqual([]);
  });

  test('SIGKILL: the next run takes it away', async () => {
    const { child, finished } = start(bundle, { cwd });
    const half = await untilHalfWay();
    child.kill('SIGKILL');
    await finished;
    expect(readdirSync(usb)).toEqual([half]);
    rmSync(large);
    expect(await run(bundle, { cwd })).toMatchObject({ status: 0 });
    expect(readdirSync(usb)).toEqual(['packages.tar.gz', 'packages.tar.gz.contents', 'packages.tar.gz.sha256']);
    for (const name of readdirSync(usb)) rmSync(join(usb, name));
  });
});

test.each(['SIGTERM', 'SIGKILL'] as const)('an overlay that is ended by %s leaves nothing half', async (signal) => {
  const old = join(cwd, 'old');
  cpSync(join(cwd, 'dist'), old, { recursive: true });
  makeLarge();
  const overlay = [
    'bundle',
    '--dist',
    'staging',
    '--format',
    'overlay',
    '--since',
    join(old, 'staging'),
    '--file',
    file,
  ];
  const { child, finished } = start(overlay, { cwd });
  await untilHalfWay();
  child.kill(signal);
  expect((await finished).status).toBe(signal === 'SIGTERM' ? 143 : null);
  expect(existsSync(file)).toBe(false);
  rmSync(large);
  expect(await run(overlay, { cwd })).toMatchObject({ status: 0 });
  expect(readdirSync(usb)).toEqual(['', '.contents', '.sha256'].map((end) => `packages.tar.gz${end}`));
  for (const name of readdirSync(usb)) rmSync(join(usb, name));
  rmSync(old, { recursive: true });
});

test('at no time does a sum lie beside another bundle', async () => {
  expect(await run(bundle, { cwd })).toMatchObject({ status: 0 });
  writeFileSync(join(cwd, 'dist/staging.nginx/other'), 'other');
  const copies = join(cwd, 'copies');
  const since = 'writeFile usb/packages.tar.gz.sha256.ID.tmp';
  const faults = { roots: [usb], trace: join(cwd, 'trace'), copy: { folder: usb, to: copies, since } };
  const preload = new URL('../support/fault.mjs', import.meta.url).href;
  const env = { EPR_FAULT: JSON.stringify(faults), NODE_OPTIONS: `--import=${preload}` };
  expect(await run(bundle, { cwd, env })).toMatchObject({ status: 0 });
  expect(readdirSync(copies).length).toBeGreaterThan(2);
  for (const folder of [usb, ...readdirSync(copies).map((copy) => join(copies, copy, 'usb'))]) {
    const [bundled, sum] = ['packages.tar.gz', 'packages.tar.gz.sha256'].map((name) => join(folder, name)) as [
      string,
      string,
    ];
    if (!existsSync(sum)) continue;
    const digest = createHash('sha256').update(readFileSync(bundled)).digest('hex');
    expect(readFileSync(sum, 'utf8')).toBe(`${digest}  packages.tar.gz\n`);
  }
  for (const name of readdirSync(usb)) rmSync(join(usb, name));
});

describe('a site that changes meanwhile', () => {
  test('is not packed half old and half new', async () => {
    makeLarge();
    const { finished } = start(bundle, { cwd });
    await untilHalfWay();
    appendFileSync(join(site, '_registry/release.json'), ' ');
    const { status, stderr } = await finished;
    rmSync(large);
    expect(status).toBe(2);
    expect(stderr).toContain(`error ${site} was built again while it was packed [changed]\n  run the command again\n`);
    expect(readdirSync(usb)).toEqual([]);
  });

  test('a file that is gone is named', async () => {
    makeLarge();
    const last = join(cwd, 'dist/staging.nginx/last');
    writeFileSync(last, '');
    const { finished } = start(bundle, { cwd });
    await untilHalfWay();
    rmSync(last);
    const { status, stderr } = await finished;
    rmSync(large);
    expect(status).toBe(2);
    expect(stderr).toContain(`error can't read ${last}: no such file or directory [ENOENT]\n`);
    expect(readdirSync(usb)).toEqual([]);
  });
});

test('a folder that is not there is named', async () => {
  const { status, stderr } = await run(['bundle', '--dist', 'staging', '--file', 'none/a.zip'], { cwd });
  expect(status).toBe(2);
  expect(stderr).toContain(`error can't open ${join(cwd, 'none/a.zip')}: no such file or directory [ENOENT]\n`);
  expect(existsSync(join(cwd, 'none'))).toBe(false);
});

describe.skipIf(!canMount)('a disk', () => {
  test.each(['tar.gz', 'zip', 'bundle', 'overlay'])(
    'that is full: the file is named, and nothing of it stays (%s)',
    async (format) => {
      const disk = join(cwd, `full-${format}`);
      mountDisk(disk, 'size=256k');
      const since = format === 'overlay' ? ['--since', join(cwd, 'before/staging')] : [];
      cpSync(site, join(cwd, 'before/staging'), { recursive: true });
      writeFileSync(join(cwd, 'dist/staging.nginx/random'), randomBytes(2 ** 20));
      const wanted = join(disk, `a.${format}`);
      const args = ['bundle', '--dist', 'staging', '--format', format, '--file', wanted, ...since];
      const failed = await run(args, { cwd });
      expect(failed.status).toBe(2);
      expect(failed.stderr).toContain(
        `error can't write ${wanted}: no space left on device [ENOSPC]\n  free some space`,
      );
      expect(failed.stderr).not.toMatch(/bug|\n {4}at /);
      expect(readdirSync(disk)).toEqual([]);
    },
  );

  test('that is read-only: the file is named', async () => {
    const disk = join(cwd, 'read-only');
    mountDisk(disk, 'ro');
    const { status, stderr } = await run(['bundle', '--dist', 'staging', '--file', join(disk, 'a.zip')], { cwd });
    expect(status).toBe(2);
    expect(stderr).toContain(`error can't open ${join(disk, 'a.zip')}: read-only file system [EROFS]\n`);
  });
});
