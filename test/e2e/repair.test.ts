import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { verifySite } from '../../src/inspect/verify/verify.ts';
import { run, temporaryFolder } from '../support/cli.ts';
import { createRepository, distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/* A build notices that somebody changed the site, and makes it anew. */

const long = 'A line of a text that is long enough for a compressed form.\n'.repeat(40);
const home = temporaryFolder();
const site = join(home, 'dist/all');

interface Report {
  readonly revisions: number;
  readonly site: { readonly how: string };
  readonly findings: readonly { readonly code: string; readonly where: string }[];
}

async function build(...args: string[]): Promise<Report> {
  const { stdout, stderr } = await run(['build', '--dist', 'all', '--json', ...args], { cwd: home });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}

async function faults(): Promise<readonly unknown[]> {
  return (await verifySite(site, () => undefined)).findings;
}

/** Changes bytes in place, so that all links to the file have the damage, those in the cache included. */
function flip(path: string): void {
  flipFile(join(site, path));
}

function flipFile(file: string): void {
  const bytes = readFileSync(file);
  bytes[0] = (bytes[0] as number) ^ 1;
  writeFileSync(file, bytes);
}

/** Does something to a file whose time stays. */
function keepingTime(path: string, damage: () => void): void {
  const { mtimeMs } = statSync(join(site, path));
  damage();
  utimesSync(join(site, path), mtimeMs / 1000, mtimeMs / 1000);
}

const README = 'package/acme/1.0.0/docs/README.md';
const damages: readonly [name: string, damage: () => void][] = [
  ['flips a bit of a file of a package', () => flip(README)],
  ['flips a bit of a zip', () => flip('epr/acme/acme-1.0.0.zip')],
  ['flips a bit of a generated file', () => flip('_registry/files/acme/1.0.0.json')],
  ['flips a bit of a compressed form', () => flip('_registry/package/acme/1.0.0.json.br')],
  ['flips a bit of the manifest', () => flip('_registry/manifest/0.ndjson')],
  ['flips a bit of the list of forms', () => flip('_registry/encoded/list.ndjson')],
  ['flips a bit of release.json', () => flip('_registry/release.json')],
  ['deletes the manifest', () => rmSync(join(site, '_registry/manifest'), { recursive: true })],
  [
    'puts folders in place of lists',
    () => {
      for (const path of ['_registry/manifest/0.ndjson', '_registry/encoded/list.ndjson']) {
        rmSync(join(site, path));
        mkdirSync(join(site, path));
      }
    },
  ],
  [
    'adds a line that nobody can read to the list of forms',
    () => appendFileSync(join(site, '_registry/encoded/list.ndjson'), '{"path":"\\q","size":1}\n'),
  ],
  ['cuts a file', () => truncateSync(join(site, README), 3)],
  ['cuts a file and sets its time back', () => keepingTime(README, () => truncateSync(join(site, README), 3))],
  [
    'cuts the manifest and sets its time back',
    () => keepingTime('_registry/manifest/0.ndjson', () => truncateSync(join(site, '_registry/manifest/0.ndjson'), 99)),
  ],
  [
    'puts another file of its size and time in place of a file',
    () =>
      keepingTime(README, () => {
        rmSync(join(site, README));
        writeFileSync(join(site, README), long.replaceAll('A', 'C'));
      }),
  ],
  [
    'flips a bit of one of the files that share a content',
    () => {
      const bytes = readFileSync(join(site, README));
      rmSync(join(site, README));
      writeFileSync(join(site, README), bytes.fill(66, 0, 1));
    },
  ],
  ['extends a file', () => appendFileSync(join(site, README), 'x')],
  ['deletes a file', () => rmSync(join(site, README))],
  ['deletes a folder', () => rmSync(join(site, 'package/acme'), { recursive: true })],
  ['deletes the index', () => rmSync(join(site, '_registry/index.json'))],
  ['adds a file', () => writeFileSync(join(site, 'package/acme/1.0.0/added'), '')],
  ['adds a folder', () => mkdirSync(join(site, 'added'))],
  [
    'swaps two files of a size',
    () => {
      const [one, other] = [join(site, README), join(site, 'package/acme/1.1.0/docs/README.md')];
      renameSync(one, `${one}.swapped`);
      renameSync(other, one);
      renameSync(`${one}.swapped`, other);
    },
  ],
  [
    'puts a link in place of a file',
    () => {
      rmSync(join(site, README));
      symlinkSync(join(site, '../../elsewhere'), join(site, README));
    },
  ],
];

const repository = createRepository(join(home, 'storage.git'));
const packages = [
  packageFiles('acme', '1.0.0', { 'docs/README.md': long }),
  packageFiles('acme', '1.1.0', { 'docs/README.md': long.replaceAll('A', 'B') }),
  packageFiles('other', '1.0.0', { 'docs/README.md': long }),
];

/** Adds a package to the storage. */
function add(): void {
  packages.push(packageFiles(`added_${packages.length}`, '1.0.0'));
  repository.commit('main', repository.treeOf(under('packages', ...packages)));
}

/** So many packages that a site is extended by one more. */
const MANY = 12;

beforeAll(async () => {
  writeFiles(home, { 'content/distributions.yml': distributions('../storage.git', ['main']), elsewhere: long });
  while (packages.length < MANY) add();
  expect(await build('--target', 'nginx')).toMatchObject({ site: { how: 'written' } });
});

describe('a build repairs a site after somebody', () => {
  test.each(damages)('%s', async (name, damage) => {
    damage();
    const report = await build('--target', 'nginx');
    expect(await faults()).toEqual([]);
    // Without a release, nobody knows whose site it is.
    if (!name.includes('release.json')) expect(report.findings.map(({ code }) => code)).toContain('repaired');
    expect(await build('--target', 'nginx')).toMatchObject({ site: { how: 'unchanged' }, findings: [] });
  });
});

describe('a build that adds a package', () => {
  test('extends the site', async () => {
    add();
    expect(await build('--target', 'nginx')).toMatchObject({ site: { how: 'extended' }, findings: [] });
  });

  test.each(damages)('makes the site anew after somebody %s', async (name, damage) => {
    damage();
    add();
    const report = await build('--target', 'nginx');
    expect(await faults()).toEqual([]);
    expect(report).toMatchObject({ site: { how: 'written' }, revisions: packages.length });
    if (!name.includes('release.json')) expect(report.findings.map(({ code }) => code)).toContain('repaired');
  });
});

function kept(): string {
  const folder = join(home, '.cache/state');
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.glances')) ?? '');
}

describe('what builds keep of the lists of a site', () => {
  test.each([
    ['missing', () => rmSync(kept())],
    ['damaged', () => flipFile(kept())],
    ['cut', () => truncateSync(kept(), 200)],
  ])('is made again where it is %s', async (_, damage) => {
    const before = readFileSync(kept(), 'utf8');
    damage();
    expect(await build('--target', 'nginx')).toMatchObject({ site: { how: 'unchanged' }, findings: [] });
    expect(readFileSync(kept(), 'utf8')).toBe(before);
    damage();
    truncateSync(join(site, README), 3);
    expect((await build('--target', 'nginx')).findings).toContainEqual(
      expect.objectContaining({ code: 'repaired', where: README }),
    );
  });
});

describe('what no glance tells', () => {
  test('build --verify finds, names and repairs', async () => {
    const { mtimeMs } = statSync(join(site, README));
    flip(README);
    utimesSync(join(site, README), mtimeMs / 1000, mtimeMs / 1000);
    expect(await build()).toMatchObject({ site: { how: 'unchanged' }, findings: [] });
    const repaired = await build('--verify');
    expect(repaired.site.how).toBe('written');
    expect(repaired.findings).toContainEqual(expect.objectContaining({ code: 'file-changed', where: README }));
    expect(await faults()).toEqual([]);
    expect(await build('--verify')).toMatchObject({ site: { how: 'unchanged' }, findings: [] });
  });

  test('is repaired in the folder of a host', async () => {
    await build('--target', 'netlify');
    const file = join(home, 'dist/all.netlify/site/package/acme/1.0.0/manifest.yml');
    const bytes = readFileSync(file);
    rmSync(file);
    writeFileSync(
      file,
      bytes.map((byte) => byte ^ 1),
    );
    expect(await build('--target', 'nginx', '--verify')).toMatchObject({ site: { how: 'unchanged' } });
    expect((await faults()).length).toBe(1);
    const repaired = await build('--target', 'netlify', '--verify');
    expect(repaired.findings.map(({ where }) => where)).toEqual(['all.netlify/site/package/acme/1.0.0/manifest.yml']);
    expect(await faults()).toEqual([]);
  });
});
