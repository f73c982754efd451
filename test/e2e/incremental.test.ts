import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { hostNames } from '../../src/hosts/hosts.ts';
import type { HostName } from '../../src/hosts/hosts.ts';
import { listedIn, listing, run, siteFaults, temporaryFolder } from '../support/cli.ts';
import { createRepository, distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import type { Files } from '../support/repository.ts';

/* What a build keeps for the next one, and that it never shows: a site is the same however it came about. */

const NAMES = Array.from({ length: 30 }, (_, i) => `pkg_${String(i).padStart(2, '0')}`);
const BASE: Files = Object.assign(
  {},
  ...NAMES.map((name) => packageFiles(name, '1.0.0', { 'docs/a.txt': `of ${name}` })),
);
const OLD = {
  'manifest.yml': `${packageFiles('pkg_03', '1.1.0')['pkg_03/1.1.0/manifest.yml'] as string}deprecated: {since: 1.1.0, description: Old.}\n`,
};

const DAMAGES: readonly [name: string, damage: (file: string) => void][] = [
  ['cut short', (file) => truncateSync(file, Math.floor(statSync(file).size / 2))],
  [
    'altered',
    (file) =>
      writeFileSync(
        file,
        readFileSync(file).map((byte) => byte ^ 1),
      ),
  ],
  ['gone', (file) => rmSync(file)],
];

interface Report {
  readonly site: { readonly how: string; readonly manifest: string; readonly changes?: Changes } | undefined;
  readonly revisions: number;
}

interface Changes {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly bytes: number;
  readonly list: string;
}

function project(): {
  commit(files: Files): void;
  build(...args: string[]): Promise<Report>;
  cold(): Promise<string>;
  readonly folder: string;
  readonly site: string;
} {
  const folder = temporaryFolder();
  const repository = createRepository(join(folder, 'storage.git'));
  writeFiles(folder, { 'content/distributions.yml': distributions('../storage.git', ['main'], 'pages: true') });
  const build = async (...args: string[]): Promise<Report> =>
    JSON.parse((await run(['build', '--dist', 'all', '--json', ...args], { cwd: folder })).stdout) as Report;
  return {
    folder,
    site: join(folder, 'dist/all'),
    commit: (files) => void repository.commit('main', repository.treeOf(under('packages', files))),
    build,
    cold: async () => (await build('--no-cache', '--out', 'cold')).site?.manifest ?? '',
  };
}

const changes: readonly [name: string, files: Files, how: string][] = [
  ['nothing', BASE, 'unchanged'],
  ['a new revision', { ...BASE, ...packageFiles('pkg_03', '1.1.0') }, 'extended'],
  ['a new package', { ...BASE, ...packageFiles('zoo', '1.0.0') }, 'extended'],
  [
    'a new revision that is deprecated, which shows on the others',
    { ...BASE, ...packageFiles('pkg_03', '1.1.0', OLD) },
    'extended',
  ],
  [
    'other content under one id',
    { ...BASE, ...packageFiles('pkg_05', '1.0.0', { 'docs/b.txt': 'another file' }) },
    'extended',
  ],
  [
    'one package less',
    Object.fromEntries(Object.entries(BASE).filter(([path]) => !path.startsWith('pkg_07/'))),
    'extended',
  ],
  ['everything', Object.assign({}, ...NAMES.map((name) => packageFiles(name, '2.0.0'))), 'written'],
];

test.each(changes)('after %s a site is what a build without a cache makes', async (_, files, how) => {
  const one = project();
  one.commit(BASE);
  expect((await one.build()).site?.how).toBe('written');
  one.commit(files);
  const { site } = await one.build();
  expect(site?.how).toBe(how);
  expect(siteFaults(one.site)).toEqual([]);
  expect(site?.manifest).toBe(await one.cold());
  expect(listing(one.site)).toEqual(listing(join(one.folder, 'cold/all')));
  expect((await one.build()).site?.how).toBe('unchanged');
});

/** As `project`, of a storage that is a folder. */
function folderProject(): ReturnType<typeof project> & { readonly packages: string } {
  const one = project();
  writeFiles(one.folder, { 'content/distributions.yml': distributions('../storage', ['main'], 'pages: true') });
  return { ...one, packages: join(one.folder, 'storage/main/packages') };
}

const folderChanges: readonly [name: string, change: (packages: string) => void, how: string][] = [
  ['nothing', () => undefined, 'unchanged'],
  ['a file set to other bytes of the same size, its time set back', rewrite, 'extended'],
  ['a new file', (packages) => writeFiles(packages, { 'pkg_05/1.0.0/docs/b.txt': 'another file' }), 'extended'],
  ['a file less', (packages) => rmSync(join(packages, 'pkg_05/1.0.0/docs/a.txt')), 'extended'],
  ['a new revision', (packages) => writeFiles(packages, packageFiles('pkg_03', '1.1.0')), 'extended'],
  ['a package less', (packages) => rmSync(join(packages, 'pkg_07'), { recursive: true }), 'extended'],
];

function rewrite(packages: string): void {
  const file = join(packages, 'pkg_05/1.0.0/docs/a.txt');
  const { atime, mtime } = statSync(file);
  writeFileSync(file, 'fo pkg_05');
  utimesSync(file, atime, mtime);
}

test.each(folderChanges)(
  'after %s a site of a folder is what a build without a cache makes',
  async (_, change, how) => {
    const one = folderProject();
    writeFiles(one.packages, BASE);
    const first = await one.build();
    expect(first.site?.how).toBe('written');
    await settled();
    expect((await one.build()).site).toMatchObject({ how: 'unchanged', manifest: first.site?.manifest });
    change(one.packages);
    const { site } = await one.build();
    expect(site?.how).toBe(how);
    expect(siteFaults(one.site)).toEqual([]);
    expect(site?.manifest).toBe(await one.cold());
    expect(listing(one.site)).toEqual(listing(join(one.folder, 'cold/all')));
    expect((await one.build()).site?.how).toBe('unchanged');
  },
);

/** Until files that were just written count as unchanged by their stat. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 3000));
}

test('of a folder and of a repository with the same packages the site is the same, and each takes over from the other', async () => {
  const one = folderProject();
  writeFiles(one.folder, { 'content/distributions.yml': distributions('../storage', ['main']) });
  writeFiles(one.packages, BASE);
  one.commit(BASE);
  const { site } = await one.build();
  expect((await one.build('--storage', 'storage.git')).site).toMatchObject({
    how: 'unchanged',
    manifest: site?.manifest,
  });
  one.commit({ ...BASE, ...packageFiles('pkg_03', '1.1.0') });
  writeFiles(one.packages, packageFiles('pkg_03', '1.1.0'));
  const next = await one.build('--storage', 'storage.git');
  expect(next.site?.how).toBe('extended');
  expect((await one.build()).site).toMatchObject({ how: 'unchanged', manifest: next.site?.manifest });
});

test.each(DAMAGES)('a cache of a folder of which every file is %s is made again, never served', async (_, damage) => {
  const one = folderProject();
  writeFiles(one.packages, BASE);
  await settled();
  const { site } = await one.build();
  rmSync(join(one.folder, 'dist'), { recursive: true });
  for (const file of filesBelow(join(one.folder, '.cache'))) damage(file);
  expect((await one.build()).site).toMatchObject({ how: 'written', manifest: site?.manifest });
  expect(siteFaults(one.site)).toEqual([]);
});

/** What the list of changes makes of the files of the site before, by path. */
function applied(before: Record<string, string>, list: string): Record<string, string> {
  const files = { ...before };
  for (const line of readFileSync(list, 'utf8').trimEnd().split('\n')) {
    const { change, path, digest } = JSON.parse(line) as { change: string; path: string; digest: string };
    expect(change).toBe(digest === undefined ? 'removed' : path in files ? 'changed' : 'added');
    if (change !== 'added') expect(files).toHaveProperty([path]);
    if (digest === undefined) delete files[path];
    else files[path] = digest;
  }
  return files;
}

test.each(changes.slice(1))('after %s the list of changes says what to upload and to remove', async (_, files) => {
  const one = project();
  one.commit(BASE);
  expect((await one.build()).site?.changes).toBeUndefined();
  const before = digests(one.site);
  one.commit(files);
  const { added = 0, changed = 0, removed = 0, list = '' } = (await one.build()).site?.changes ?? {};
  const after = digests(one.site);
  expect(applied(before, list)).toEqual(after);
  expect(Object.keys(after).length - Object.keys(before).length).toBe(added - removed);
  expect(readFileSync(list, 'utf8').split('\n').length - 1).toBe(added + changed + removed);
});

test('from a warm cache, a cold one and none the site is the same', async () => {
  const one = project();
  one.commit(BASE);
  const { site } = await one.build();
  rmSync(join(one.folder, 'dist'), { recursive: true });
  expect((await one.build()).site).toMatchObject({ how: 'written', manifest: site?.manifest });
  expect(await one.cold()).toBe(site?.manifest);
});

test.each(DAMAGES)('a cache of which every file is %s is made again, never served', async (_, damage) => {
  const one = project();
  one.commit(BASE);
  const { site } = await one.build();
  rmSync(join(one.folder, 'dist'), { recursive: true });
  for (const file of filesBelow(join(one.folder, '.cache')).filter((path) => !path.includes('.cache/git/')))
    damage(file);
  expect((await one.build()).site).toMatchObject({ how: 'written', manifest: site?.manifest });
  expect(siteFaults(one.site)).toEqual([]);
});

test('packs alone altered: the zips are made again from the storage', async () => {
  const one = project();
  one.commit(BASE);
  const { site } = await one.build();
  rmSync(join(one.folder, 'dist'), { recursive: true });
  rmSync(join(one.folder, '.cache/archives'), { recursive: true });
  for (const file of filesBelow(join(one.folder, '.cache/contents/packs')).filter((path) => path.endsWith('.pack')))
    writeFileSync(
      file,
      readFileSync(file).map((byte) => byte ^ 1),
    );
  expect((await one.build()).site).toMatchObject({ how: 'written', manifest: site?.manifest });
  expect(siteFaults(one.site)).toEqual([]);
});

test('an unfit new revision leaves the site as it was', async () => {
  const one = project();
  one.commit(BASE);
  await one.build();
  const before = listing(one.site);
  one.commit({ ...BASE, ...packageFiles('bad', '1.0.0', { 'manifest.yml': 'name: bad\n' }) });
  expect((await one.build()).site).toBeUndefined();
  expect(listing(one.site)).toEqual(before);
});

test.each([
  'package/pkg_04/1.0.0',
  'epr/pkg_04/pkg_04-1.0.0.zip',
  '_registry/files/pkg_04/1.0.0.json',
  '_registry/index.json',
])('a site that lost %s is made again', async (path) => {
  const one = project();
  one.commit(BASE);
  const { site } = await one.build();
  rmSync(join(one.site, path), { recursive: true });
  expect((await one.build()).site).toMatchObject({ how: 'written', manifest: site?.manifest });
  expect(siteFaults(one.site)).toEqual([]);
});

test('cache prune empties the cache that EPR_STATIC_CACHE names', async () => {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, 'kept/contents'), { recursive: true });
  expect(await run(['cache', 'prune'], { cwd, env: { EPR_STATIC_CACHE: 'kept' } })).toMatchObject({ status: 0 });
  expect(readdirSync(join(cwd, 'kept'))).toEqual([]);
});

test('cache prune empties the cache, and the next build makes it again', async () => {
  const one = project();
  one.commit(BASE);
  const { site } = await one.build('--target', 'nginx');
  const dry = await run(['cache', 'prune', '--dry-run'], { cwd: one.folder });
  expect(dry.stdout).toContain('would remove contents, encoded, archives, entries, extents, state');
  expect((await run(['cache', 'prune'], { cwd: one.folder })).status).toBe(0);
  expect(readdirSync(join(one.folder, '.cache'))).toEqual([]);
  expect(siteFaults(one.site)).toEqual([]);
  expect((await one.build()).site).toMatchObject({ how: 'written', manifest: site?.manifest });
});

/* With a target. */

const ADDED: Files = { ...BASE, ...packageFiles('zoo', '1.0.0', { 'docs/a.txt': 'of a zoo, '.repeat(200) }) };
const REMOVED: Files = Object.fromEntries(Object.entries(BASE).filter(([path]) => !path.startsWith('pkg_07/')));
const CHANGED: Files = { ...BASE, 'pkg_05/1.0.0/docs/a.txt': 'another text, '.repeat(200) };
const steps: readonly (readonly [name: string, files: Files, how: string])[] = [
  ['nothing', BASE, 'unchanged'],
  ['one package more', ADDED, 'extended'],
  ['one package less', REMOVED, 'extended'],
  ['one file changed', CHANGED, 'extended'],
];

describe.each(hostNames)('with --target %s', (host) => {
  const target = ['--target', host];

  test.each(steps)('after %s, site and host folder are what a cold build makes', async (_, files, how) => {
    const one = project();
    one.commit(BASE);
    expect((await one.build(...target)).site?.how).toBe('written');
    const before = digests(one.site);
    one.commit(files);
    const { site } = await one.build(...target);
    expect(site?.how).toBe(how);
    expect(siteFaults(one.site)).toEqual([]);
    expect(site?.manifest).toBe(await one.cold());
    if (how !== 'unchanged') expect(applied(before, site?.changes?.list ?? '')).toEqual(digests(one.site));
    rmSync(join(one.folder, 'cold'), { recursive: true });
    expect((await one.build('--no-cache', '--out', 'cold', ...target)).site?.manifest).toBe(site?.manifest);
    expect(listing(one.site)).toEqual(listing(join(one.folder, 'cold/all')));
    expect(hostFiles(one.folder, 'dist', host)).toEqual(hostFiles(one.folder, 'cold', host));
  });

  test('nothing is written anew where nothing has changed', async () => {
    const one = project();
    one.commit(BASE);
    await one.build(...target);
    const before = inodes(join(one.folder, 'dist'));
    expect((await one.build(...target)).site?.how).toBe('unchanged');
    expect(inodes(join(one.folder, 'dist'))).toEqual(before);
  });

  test('what it needs is added to a site that was built without it', async () => {
    const one = project();
    one.commit(BASE);
    const { site } = await one.build();
    expect((await one.build(...target)).site).toMatchObject({ how: 'unchanged', manifest: site?.manifest });
    expect(siteFaults(one.site)).toEqual([]);
    await one.build('--no-cache', '--out', 'cold', ...target);
    expect(listing(one.site)).toEqual(listing(join(one.folder, 'cold/all')));
    expect(hostFiles(one.folder, 'dist', host)).toEqual(hostFiles(one.folder, 'cold', host));
  });

  test('a build without it leaves its folder whole, and the next one with it brings that up to date', async () => {
    const one = project();
    one.commit(BASE);
    await one.build(...target);
    const before = hostFiles(one.folder, 'dist', host);
    one.commit(ADDED);
    await one.build();
    expect(hostFiles(one.folder, 'dist', host)).toEqual(before);
    await one.build(...target);
    await one.build('--no-cache', '--out', 'cold', ...target);
    expect(hostFiles(one.folder, 'dist', host)).toEqual(hostFiles(one.folder, 'cold', host));
  });
});

test.each(steps.slice(1))('after %s, a build without a target keeps the forms that nginx serves', async (_, files) => {
  const one = project();
  one.commit(BASE);
  await one.build('--target', 'nginx');
  const before = digests(one.site);
  one.commit(files);
  const { site } = await one.build();
  expect(site?.how).toBe('extended');
  expect(applied(before, site?.changes?.list ?? '')).toEqual(digests(one.site));
  await one.build('--no-cache', '--out', 'cold', '--target', 'nginx');
  expect(listing(one.site)).toEqual(listing(join(one.folder, 'cold/all')));
});

test('a site that is made anew keeps the forms that nginx serves', async () => {
  const one = project();
  one.commit(BASE);
  await one.build('--target', 'nginx');
  const before = listing(one.site);
  expect((await one.build('--no-cache')).site?.how).toBe('written');
  expect(listing(one.site)).toEqual(before);
});

test('compressed forms hold what their files hold', async () => {
  const one = project();
  one.commit(CHANGED);
  await one.build('--target', 'nginx');
  const forms = filesBelow(one.site).filter((path) => /\.(br|gz)$/.test(path));
  const texts = new Set(filesBelow(one.site).map((path) => readFileSync(path, 'utf8')));
  expect(forms.length).toBeGreaterThan(60);
  for (const path of forms) {
    const bytes = readFileSync(path);
    expect(texts).toContain((path.endsWith('.br') ? brotliDecompressSync(bytes) : gunzipSync(bytes)).toString('utf8'));
  }
});

/**
 * Path -> SHA-256 of the files of a host's folder; absolute paths of files name no folder above the project's. In the record, the
 * digests of files with such paths, and the seal over them, don't count.
 */
function hostFiles(project: string, out: string, host: HostName): string[] {
  const folder = join(project, out, `all.${host}`);
  const files = filesBelow(folder).map((path) => ({ path, written: readFileSync(path, 'latin1') }));
  const placed = new Set(files.flatMap(({ written }) => (written.includes(join(project, out)) ? digest(written) : [])));
  return files
    .map(({ path, written }) => {
      const isRecord = path.endsWith('.epr-static.json');
      const text = isRecord
        ? written.replace(/"seal": .*/, '').replace(/[0-9a-f]{64}/g, (one) => (placed.has(one) ? '' : one))
        : written.replaceAll(join(project, out), '/out');
      return `${relative(folder, path)} ${digest(text)}`;
    })
    .sort();
}

function digest(latin1: string): string {
  return createHash('sha256').update(latin1, 'latin1').digest('hex');
}

/** Path -> what tells whether a file was written again. */
function inodes(folder: string): Record<string, string> {
  return Object.fromEntries(
    filesBelow(folder).map((path) => {
      const { ino, mtimeMs } = statSync(path);
      return [path, `${ino} ${mtimeMs}`];
    }),
  );
}

/** Path -> SHA-256 of all files that the manifest and the list of compressed forms name. */
function digests(site: string): Record<string, string> {
  return Object.fromEntries(listedIn(site).map(({ path, digest }) => [path, digest]));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const odd = (name: string): Files => {
  const files = packageFiles(name, '1.0.0');
  const manifest = `${name}/1.0.0/manifest.yml`;
  return { ...files, [manifest]: `${files[manifest] as string}categories: [unheard_of]\n` };
};

describe('a revision that a promotion has moved', () => {
  test.each([
    ['nothing else is new', {}, 'unchanged'],
    ['the site is extended', packageFiles('other', '1.0.0'), 'extended'],
  ])('is warned of where it is now; %s', async (_, more, how) => {
    const folder = temporaryFolder();
    const repository = createRepository(join(folder, 'storage.git'));
    writeFiles(folder, { 'content/distributions.yml': distributions('../storage.git', ['high', 'low']) });
    const commit = (layer: string, files: Files): void =>
      void repository.commit(layer, repository.treeOf(under('packages', files)));
    const build = async (): Promise<{ site: { how: string }; findings: { code: string; where: string }[] }> =>
      JSON.parse((await run(['build', '--dist', 'all', '--json'], { cwd: folder })).stdout);
    const placesIn = (found: Awaited<ReturnType<typeof build>>): string[] =>
      found.findings.filter(({ code }) => code === 'category').map(({ where }) => where);
    commit('high', BASE);
    commit('low', { ...odd('odd_one'), ...odd('odd_two') });
    expect(placesIn(await build())).toEqual(
      ['odd_one', 'odd_two'].map((name) => `low: packages/${name}/1.0.0/manifest.yml`),
    );
    commit('high', { ...BASE, ...odd('odd_one'), ...more });
    commit('low', odd('odd_two'));
    for (const expected of [how, 'unchanged']) {
      const built = await build();
      expect(built.site.how).toBe(expected);
      expect(placesIn(built)).toEqual(
        ['high: packages/odd_one', 'low: packages/odd_two'].map((place) => `${place}/1.0.0/manifest.yml`),
      );
    }
  });
});
