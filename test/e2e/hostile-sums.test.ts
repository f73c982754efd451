import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, temporaryFolder } from '../support/cli.ts';
import { zipOf } from '../support/hostile.ts';
import { createRepository, distributions, packageFiles, writeFiles } from '../support/repository.ts';
import type { Repository, TreeEntry } from '../support/repository.ts';

/*
 * Storages of few objects, in which each revision is within the limits of a package and all of them together would fill any disk. They
 * are refused before anything of them is read, with little memory.
 */

const LIMITED = { NODE_OPTIONS: '--max-old-space-size=160' };

/** A project whose storage is `origin`; in its distributions file `more` stands beside the rest. */
function projectWith(fill: (origin: string) => void, more = ''): string {
  const folder = temporaryFolder();
  writeFiles(folder, { 'content/distributions.yml': `${distributions('../origin', ['main'])}${more}` });
  fill(join(folder, 'origin'));
  return folder;
}

/** As many versions of packages, each with a tree of its own above one that all of them share. */
function sharing(repository: Repository, shared: readonly TreeEntry[], [packages, versions]: [number, number]): void {
  const docs = repository.treeOf({ 'README.md': '# x\n' });
  const folders = Array.from({ length: packages }, (_, p): TreeEntry => {
    const name = `shared_${String(p).padStart(4, '0')}`;
    const manifest = repository.blob(packageFiles(name, '1.0.0')[`${name}/1.0.0/manifest.yml`] ?? '');
    const own: TreeEntry[] = [
      { mode: '40000', name: 'docs', id: docs },
      { mode: '100644', name: 'manifest.yml', id: manifest },
      ...shared,
    ];
    const id = repository.tree(own);
    const inner = Array.from({ length: versions }, (__, v): TreeEntry => ({
      mode: '40000',
      name: `1.0.${1000 + v}`,
      id,
    }));
    return { mode: '40000', name, id: repository.tree(inner) };
  });
  repository.commit('main', repository.tree([{ mode: '40000', name: 'packages', id: repository.tree(folders) }]));
}

function names(count: number, entry: Omit<TreeEntry, 'name'>): TreeEntry[] {
  return Array.from({ length: count }, (_, i) => ({ ...entry, name: `x${String(i).padStart(5, '0')}` }));
}

const PACKAGES = ['one', 'two'];

function folders(origin: string): void {
  for (const name of PACKAGES) writeFiles(join(origin, 'main/packages'), packageFiles(name, '1.0.0'));
}

function zips(origin: string): void {
  for (const name of PACKAGES)
    writeFiles(join(origin, 'main/packages'), { [`${name}-1.0.0.zip`]: zipOf(name, packageFiles(name, '1.0.0')) });
}

async function isRefused(folder: string, text: string, dist = 'all'): Promise<void> {
  const { status, stdout } = await run(['build', '--dist', dist], { cwd: folder, env: LIMITED });
  expect([status, stdout]).toEqual([1, expect.stringContaining(text)]);
  expect(existsSync(join(folder, 'dist', dist))).toBe(false);
  expect(
    readdirSync(folder)
      .filter((name) => name !== 'dist')
      .sort(),
  ).toEqual(['.cache', 'content', 'origin']);
}

describe('in a git repository', () => {
  const MANY =
    'has more than 5,000,000 files and folders in all of its packages; the limit is 5,000,000 (limits.siteFiles';
  const MUCH =
    'has more than 137,438,953,472 bytes in all of its packages; the limit is 137,438,953,472 (limits.siteBytes';
  const subset = '  part: { from: all, for: [{ kibana: 8.0.0 }] }\n';

  test('thousands of revisions that share a tree of many files', async () => {
    const folder = projectWith((origin) => {
      const repository = createRepository(origin);
      const file = repository.tree(names(200, { mode: '100644', id: repository.blob('x') }));
      const id = repository.tree(names(200, { mode: '40000', id: file }));
      sharing(repository, [{ mode: '40000', name: 'x', id }], [20, 2000]);
    });
    await isRefused(folder, `all: ${MANY}`);
  });

  test('of a subset, before it is chosen', async () => {
    const folder = temporaryFolder();
    const config = distributions('../origin', ['main'])
      .replace('distributions: {', 'distributions:\n ')
      .replace(/ \}\n$/, '\n');
    writeFiles(folder, { 'content/distributions.yml': `${config}${subset}` });
    const repository = createRepository(join(folder, 'origin'));
    const file = repository.tree(names(40_000, { mode: '100644', id: repository.blob('x') }));
    sharing(repository, [{ mode: '40000', name: 'x', id: file }], [1, 2000]);
    await isRefused(folder, `part: ${MANY}`, 'part');
  });

  test('revisions that share large files', async () => {
    const folder = projectWith((origin) => {
      const repository = createRepository(origin);
      const id = repository.blob(Buffer.alloc(60 * 2 ** 20));
      sharing(repository, names(4, { mode: '100644', id }), [2, 500]);
    });
    await isRefused(folder, `all: ${MUCH}`);
  });

  test('zips, before one of them is written to the cache', async () => {
    const folder = projectWith((origin) => {
      const repository = createRepository(origin);
      const zips = ['one', 'two'].map((name) => [
        `packages/${name}-1.0.0.zip`,
        zipOf(name, packageFiles(name, '1.0.0')),
      ]);
      repository.commit('main', repository.treeOf(Object.fromEntries(zips) as Record<string, Buffer>));
    }, 'limits: { siteBytes: 500 }\n');
    await isRefused(folder, 'all: has more than 500 bytes in all of its packages');
    expect(existsSync(join(folder, '.cache/zips'))).toBe(false);
  });
});

describe('with limits of its own', () => {
  test.each([
    ['folders', folders, 'siteFiles: 5', 'siteFiles: 6'],
    ['zips', zips, 'siteFiles: 3', 'siteFiles: 4'],
    ['bytes', folders, 'siteBytes: 100', 'siteBytes: 100000'],
  ])('%s: what is known of them is kept, and the limit is not', async (_, fill, less, enough) => {
    const folder = projectWith(fill, `limits: { ${less} }\n`);
    const refused = await run(['build', '--dist', 'all'], { cwd: folder });
    expect(refused).toMatchObject({ status: 1, stdout: expect.stringContaining('in all of its packages') as unknown });
    const rewrite = (limit: string): void =>
      writeFiles(folder, {
        'content/distributions.yml': `${distributions('../origin', ['main'])}limits: { ${limit} }\n`,
      });
    rewrite(enough);
    expect(await run(['build', '--dist', 'all'], { cwd: folder })).toMatchObject({ status: 0 });
    rewrite(less);
    expect(await run(['build', '--dist', 'all'], { cwd: folder })).toMatchObject({ status: 1 });
    expect(await run(['build', '--dist', 'all', '--no-cache'], { cwd: folder })).toMatchObject({ status: 1 });
  });
});
