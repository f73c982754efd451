import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { openBundles } from '../../src/bundle/apply/open-bundles.ts';
import { parseWant } from '../../src/bundle/want.ts';
import { Stop } from '../../src/errors.ts';
import { listing, run, siteFaults, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { takeApart } from '../support/bundles.ts';
import { sampled } from '../support/faults.ts';
import { canMount, mountDisk } from '../support/disk.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/* What `bundle` packs, `apply` makes again: the same tree, from a whole bundle, from deltas, and from nothing that is damaged. */

const zips = fileURLToPath(new URL('../cases/zips', import.meta.url));
const long = 'A line of a text that is long enough for a compressed form.\n'.repeat(40);
const hosts = ['nginx', 'netlify'] as const;

/** Holds the sites of three months, `1/all` to `3/all`, and bundles: whole ones, and what each month brought. */
const home = temporaryFolder();
const whole = (month: number): string => join(home, `whole-${month}.tar`);
const delta = (month: number): string => join(home, `delta-${month}.tar`);
const built = (month: number): string => join(home, String(month), 'all');

beforeAll(async () => {
  writeFiles(home, { 'content/distributions.yml': distributions('../storage', ['main']) });
  const months = [
    [packageFiles('acme', '1.0.0', { 'docs/README.md': long, 'img/a.svg': '<svg/>' }), packageFiles('other', '1.0.0')],
    [packageFiles('acme', '1.1.0', { 'docs/README.md': `${long}more`, 'docs/é.txt': 'é' })],
    [packageFiles('third', '1.0.0', { 'docs/README.md': long })],
  ];
  for (const [i, files] of months.entries()) {
    writeFiles(home, under('storage/main/packages', ...files));
    if (i === 0)
      cpSync(zips, join(home, 'storage/main/packages'), { recursive: true, filter: (path) => !path.includes('flat') });
    if (i === 2) rmSync(join(home, 'storage/main/packages/other'), { recursive: true });
    for (const host of hosts) await succeed('build', '--dist', 'all', '--target', host);
    cpSync(join(home, 'dist'), join(home, String(i + 1)), { recursive: true, preserveTimestamps: true });
    await succeed('bundle', '--dir', built(i + 1), '--file', whole(i + 1));
    if (i > 0) await succeed('bundle', '--dir', built(i + 1), '--since', built(i), '--file', delta(i + 1));
  }
});

async function succeed(...args: string[]): Promise<Run> {
  const ended = await run(args, { cwd: home });
  expect(ended, ended.stdout + ended.stderr).toMatchObject({ status: 0 });
  return ended;
}

async function apply(folder: string, ...files: string[]): Promise<Run> {
  return await run(['apply', ...files, '--to', join(folder, 'all')], { cwd: home });
}

/** What differs between a folder and the site of a month, with the folders of its hosts. */
function differences(folder: string, month: number): string[] {
  const [own, right] = [folder, join(home, String(month))].map((one) => listing(one));
  return [
    ...(own ?? []).filter((line) => !right?.includes(line)),
    ...(right ?? []).filter((line) => !own?.includes(line)).map((line) => `lacks ${line}`),
    ...siteFaults(join(folder, 'all')),
  ];
}

/** A folder with the site of a month, as `apply` makes it. */
async function received(month: number): Promise<string> {
  const folder = temporaryFolder();
  await succeed('apply', whole(month), '--to', join(folder, 'all'));
  return folder;
}

describe('a whole bundle', () => {
  test('becomes the site, with the folders of its hosts, zips included; equal files are one', async () => {
    const folder = await received(2);
    expect(differences(folder, 2)).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['all', 'all.netlify', 'all.nginx']);
    expect(statSync(join(folder, 'all/package/acme/1.0.0/docs/README.md')).nlink).toBeGreaterThan(1);
    await succeed('verify', join(folder, 'all'), '--against', join(built(2), '_registry/release.json'));
  });

  test('takes the place of another site, and is there already the next time', async () => {
    const folder = await received(1);
    await succeed('apply', whole(3), '--to', join(folder, 'all'));
    expect(differences(folder, 3)).toEqual([]);
    const again = await succeed('apply', whole(3), '--to', join(folder, 'all'));
    expect(again.stdout).toContain('is already the site "all"');
  });

  test('has a program with it that does the same', async () => {
    const [folder, program] = [temporaryFolder(), join(home, 'apply.mjs')];
    writeFileSync(program, takeApart(whole(1)).others.get('apply.mjs') as Buffer);
    const start = async (...args: string[]): Promise<{ status: number; text: string }> =>
      await new Promise((resolve) => {
        execFile(process.execPath, [program, ...args], { cwd: folder }, (error, stdout, stderr) =>
          resolve({ status: error ? Number(error.code) : 0, text: stdout + stderr }),
        );
      });
    expect(await start(whole(1), '--to', 'all')).toMatchObject({ status: 0 });
    expect(await start(delta(2), delta(3), '--to', 'all')).toMatchObject({ status: 0 });
    expect(differences(folder, 3)).toEqual([]);
    expect(await start('--help')).toMatchObject({ status: 0, text: expect.stringContaining('Usage: node apply.mjs') });
    expect(await start(whole(1))).toMatchObject({ status: 2, text: expect.stringContaining('[usage]') });
    expect(await start('none.tar', '--to', 'all')).toMatchObject({
      status: 2,
      text: expect.stringContaining('[ENOENT]'),
    });
    expect(await start('--none')).toMatchObject({ status: 2, text: expect.stringContaining('[usage]') });
  });
});

describe('deltas', () => {
  test('in any order, in one run or several, and after the last of them', async () => {
    const folder = await received(1);
    await succeed('apply', delta(3), delta(2), '--to', join(folder, 'all'));
    expect(differences(folder, 3)).toEqual([]);
    const other = await received(1);
    for (const month of [2, 3]) await succeed('apply', delta(month), '--to', join(other, 'all'));
    expect(differences(other, 3)).toEqual([]);
    await succeed('apply', delta(2), delta(3), '--to', join(other, 'all'));
    expect(differences(other, 3)).toEqual([]);
  });

  test('a base that holds more is as good as any', async () => {
    const folder = await received(1);
    writeFiles(join(folder, 'all'), {
      'mine.txt': 'mine',
      'package/acme/9.9.9/a.txt': 'a',
      '_registry/x/y.json': '{}',
    });
    mkdirSync(join(folder, 'all/epr/empty/folder'), { recursive: true });
    mkdirSync(join(folder, 'all.nginx/.temp'));
    const { stdout } = await succeed('apply', delta(2), '--to', join(folder, 'all'));
    for (const path of ['mine.txt', 'package/acme/9.9.9/a.txt', '_registry/x/y.json'])
      expect(stdout).toContain(`${path}: was no file of the site, and is gone [file-extra]`);
    expect(differences(folder, 2)).toEqual([]);
    expect(existsSync(join(folder, 'all/epr/empty'))).toBe(false);
    expect(existsSync(join(folder, 'all.nginx/.temp'))).toBe(true);
  });

  test('times and links that somebody changed are mended, and nothing is written through a link', async () => {
    const folder = await received(1);
    const outside = temporaryFolder();
    cpSync(join(folder, 'all/package'), join(outside, 'package'), { recursive: true });
    rmSync(join(folder, 'all/package'), { recursive: true });
    symlinkSync(join(outside, 'package'), join(folder, 'all/package'));
    utimesSync(join(folder, 'all/favicon.ico'), 1, 1);
    const before = listing(outside);
    const { status } = await apply(folder, whole(2));
    expect(status).toBe(0);
    expect(differences(folder, 2)).toEqual([]);
    expect(listing(outside)).toEqual(before);
  });

  test.each([
    ['missing', (file: string) => removeAll(file)],
    ['damaged, though its time and size are right', (file: string) => damage(file)],
  ])('a content of the base that is %s: nothing changes, and want.json says what is held', async (_, harm) => {
    const folder = await received(1);
    harm(join(folder, 'all/epr/acme/acme-1.0.0.zip'));
    const before = listing(folder);
    const { status, stderr } = await apply(folder, delta(2));
    expect(status).toBe(2);
    expect(stderr).toMatch(/lacks contents on which .*delta-2\.tar builds.*\[lacks-contents\]/);
    expect(stderr).toContain('bundle --dist all --since want.json');
    const want = readFileSync(join(folder, 'want.json'), 'utf8');
    rmSync(join(folder, 'want.json'));
    expect(listing(folder)).toEqual(before);
    const { holds } = parseWant(want, 'want.json');
    expect(holds).toEqual([...new Set(before.map(startOfDigest))].sort());
    writeFileSync(join(home, 'want.json'), want);
    await succeed('bundle', '--dir', built(2), '--since', join(home, 'want.json'), '--file', join(home, 'rest.tar'));
    expect(statSync(join(home, 'rest.tar')).size).toBeLessThan(statSync(whole(2)).size);
    await succeed('apply', join(home, 'rest.tar'), '--to', join(folder, 'all'));
    expect(differences(folder, 2)).toEqual([]);
  });

  test('of sites that have nothing to do with one another are refused together', async () => {
    const { status, stderr } = await apply(temporaryFolder(), whole(1), whole(2));
    expect(status).toBe(2);
    expect(stderr).toContain("these bundles don't follow one another");
  });
});

/** Removes a file of a site, and its other name in the folder of Netlify. */
function removeAll(file: string): void {
  const { ino } = statSync(file);
  const folder = join(file, '../../../..');
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
  for (const path of all) if (statSync(path).ino === ino) rmSync(path);
}

function damage(file: string): void {
  const { atimeMs, mtimeMs } = statSync(file);
  const bytes = readFileSync(file);
  bytes[40] = (bytes[40] as number) ^ 1;
  writeFileSync(file, bytes);
  utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
}

/** Of a line of a listing, as `want.json` has it. */
function startOfDigest(line: string): string {
  return (line.split(' ').at(-1) ?? '').slice(0, 16);
}

async function refusal(...files: string[]): Promise<string> {
  try {
    (await openBundles(files, () => undefined)).close();
    return 'taken';
  } catch (error) {
    if (error instanceof Stop && error.code === 'bad-bundle') return error.message;
    throw error;
  }
}

describe('a bundle that is not whole', () => {
  test('a flipped bit anywhere is refused, and the file is named', async () => {
    const [file, bytes] = [join(home, 'flipped.tar'), readFileSync(delta(2))];
    const places = sampled(
      Array.from({ length: bytes.length }, (_, i) => i),
      400,
    );
    const found = [];
    for (const [i, place] of [...places, 0, 511, 512, bytes.length - 1].entries()) {
      const copy = Buffer.from(bytes);
      copy[place] = (bytes[place] as number) ^ (1 << (i % 8));
      writeFileSync(file, copy);
      const message = await refusal(file);
      if (!message.startsWith(file)) found.push(`${place}: ${message}`);
    }
    expect(found).toEqual([]);
  });

  test.each([0, 1, 511, 512, 5000, -1, -1024, -1025])('cut to %i bytes', async (length) => {
    const [file, size] = [join(home, 'cut.tar'), statSync(whole(1)).size];
    copyFileSync(whole(1), file);
    truncateSync(file, length < 0 ? size + length : length);
    expect(await refusal(file)).toContain(file);
  });

  test('with more behind its end', async () => {
    const file = join(home, 'longer.tar');
    for (const more of ['\0', 'x', '\0'.repeat(512)]) {
      writeFileSync(file, Buffer.concat([readFileSync(whole(1)), Buffer.from(more)]));
      expect(await refusal(file)).toContain(`${file} is damaged`);
    }
  });

  test('nothing of it comes to the folder', async () => {
    const [file, folder] = [join(home, 'damaged.tar'), await received(1)];
    copyFileSync(whole(2), file);
    damage(file);
    const before = listing(folder);
    expect(await apply(folder, file)).toMatchObject({ status: 2 });
    expect(await apply(join(folder, 'new'), file)).toMatchObject({ status: 2 });
    expect(listing(folder)).toEqual(before);
  });
});

describe('a bundle in parts', () => {
  let parts: string[];
  beforeAll(async () => {
    const folder = temporaryFolder();
    await succeed('bundle', '--dir', built(1), '--file', join(folder, 'all.tar'), '--max-part', '64k');
    parts = readdirSync(folder)
      .filter((name) => name.endsWith('.tar'))
      .map((name) => join(folder, name));
    expect(parts.length).toBeGreaterThan(1);
  });

  test('in any order', async () => {
    const folder = temporaryFolder();
    const list = `${join(parts[0] as string, '../all.tar')}.contents`;
    expect(await apply(folder, ...parts.toReversed(), parts[0] as string, list)).toMatchObject({ status: 0 });
    expect(differences(folder, 1)).toEqual([]);
  });

  test('one that is missing, damaged or of another bundle is named', async () => {
    const folder = temporaryFolder();
    for (const [i] of parts.entries()) {
      const { status, stderr } = await apply(folder, ...parts.filter((_, j) => j !== i));
      expect(status).toBe(2);
      expect(stderr).toMatch(/needs its part \d+|is no bundle, and no part/);
    }
    const bad = join(folder, basename(parts[1] as string));
    copyFileSync(parts[1] as string, bad);
    damageContent(bad);
    const damaged = await apply(folder, ...parts.map((part, i) => (i === 1 ? bad : part)));
    expect(damaged.stderr).toContain(`error ${bad}: `);
    expect(damaged).toMatchObject({ status: 2 });
    expect(existsSync(join(folder, 'all'))).toBe(false);
  });
});

/** Damages the content of the first member. */
function damageContent(file: string): void {
  const bytes = readFileSync(file);
  bytes[513] = (bytes[513] as number) ^ 1;
  writeFileSync(file, bytes);
}

describe('a folder that is none of a site', () => {
  test('is left alone', async () => {
    const folder = temporaryFolder();
    writeFiles(folder, {
      'all/photo.jpg': 'precious',
      'host/all.nginx/mine.conf': 'mine',
      'alike/_registry/release.json': '{}',
      'alike/photo.jpg': 'precious',
      file: 'a file',
    });
    const before = listing(folder);
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    for (const to of ['all', 'host/all', 'alike', 'file', 'link']) {
      const { status, stderr } = await run(['apply', whole(1), '--to', join(folder, to)], { cwd: home });
      expect(stderr).toMatch(/\[(not-a-site|bad-output)\]/);
      expect(status).toBe(2);
    }
    rmSync(join(folder, 'link'));
    expect(listing(folder)).toEqual(before);
  });

  test('no name is no folder', async () => {
    const { status, stderr } = await run(['apply', whole(1), '--to', ''], { cwd: temporaryFolder() });
    expect(stderr).toContain('[usage]');
    expect(status).toBe(2);
  });

  test('a bundle that lies in the folder stays', async () => {
    const folder = await received(1);
    copyFileSync(whole(2), join(folder, 'all/whole.tar'));
    const { status, stderr } = await apply(folder, join(folder, 'all/whole.tar'));
    expect(status).toBe(2);
    expect(stderr).toContain('[bad-output]');
    expect(existsSync(join(folder, 'all/whole.tar'))).toBe(true);
  });

  test('a bundle that lies in the folder stays, by whatever links it was named', async () => {
    const folder = await received(1);
    copyFileSync(whole(2), join(folder, 'all/whole.tar'));
    symlinkSync(join(folder, 'all'), join(folder, 'link'));
    symlinkSync(folder, join(folder, 'other'));
    for (const [file, to] of [
      ['link/whole.tar', 'all'],
      ['all/whole.tar', 'other/all'],
    ] as const) {
      const { status, stderr } = await run(['apply', file, '--to', to], { cwd: folder });
      expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('[bad-output]') });
    }
    expect(existsSync(join(folder, 'all/whole.tar'))).toBe(true);
  });

  test('a folder is no bundle', async () => {
    const folder = temporaryFolder();
    const { status, stderr } = await run(['apply', home, '--to', join(folder, 'all')], { cwd: home });
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining(`${home} is a folder`) });
  });

  test('of another name than nginx looks for gets a warning', async () => {
    const folder = temporaryFolder();
    const { stdout } = await succeed('apply', whole(1), '--to', join(folder, 'field'));
    expect(stdout).toMatch(/field\.nginx: looks for the site in a folder called all, .*\[other-name\]/);
    expect((await succeed('apply', whole(1), '--to', join(folder, 'all'))).stdout).not.toContain('other-name');
  });

  test('the folder of a host that the bundle lacks is left, with a warning', async () => {
    const folder = await received(1);
    cpSync(join(folder, 'all.nginx'), join(folder, 'all.cloudflare'), { recursive: true });
    const { status, stdout } = await apply(folder, delta(2));
    expect(status).toBe(0);
    expect(stdout).toContain('all.cloudflare: is of another build of the site');
  });
});

test('two runs at once to one folder: one waits for the other', async () => {
  const folder = await received(1);
  const ended = await Promise.all([
    apply(folder, delta(2), delta(3)),
    apply(folder, whole(3)),
    apply(folder, whole(3)),
  ]);
  expect(ended.map(({ status }) => status)).toEqual([0, 0, 0]);
  expect(differences(folder, 3)).toEqual([]);
  expect(readdirSync(folder).sort()).toEqual(['all', 'all.netlify', 'all.nginx']);
});

test.skipIf(!canMount)('a disk that is full half-way: it says so, and the folder is as it was', async () => {
  const disk = join(temporaryFolder(), 'disk');
  mountDisk(disk, 'size=50m,nr_inodes=400');
  await succeed('apply', whole(1), '--to', join(disk, 'all'));
  const before = listing(disk);
  const free = Number(execFileSync('df', ['--output=iavail', disk], { encoding: 'utf8' }).split('\n')[1]);
  for (let i = 0; i < free - 12; i++) writeFileSync(join(disk, `filler-${i}`), '');
  const { status, stderr } = await apply(disk, whole(3));
  expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('[ENOSPC]') });
  expect(stderr).not.toMatch(/\n {4}at /);
  for (const name of readdirSync(disk)) if (name.startsWith('filler-')) rmSync(join(disk, name));
  expect(listing(disk)).toEqual(before);
  await succeed('apply', whole(3), '--to', join(disk, 'all'));
  expect(differences(disk, 3)).toEqual([]);
});

test.skipIf(!canMount)('a disk with too little room: it says what is needed, and changes nothing', async () => {
  const folder = join(temporaryFolder(), 'disk');
  mountDisk(folder, 'size=200k');
  const { status, stderr } = await apply(folder, whole(1));
  expect(status).toBe(2);
  expect(stderr).toMatch(/needs \d+\.\d MB of new files, and 0\.\d MB are free on its disk \[no-space\]/);
  expect(readdirSync(folder)).toEqual([]);
});
