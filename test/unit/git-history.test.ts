import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { layerHistory } from '../../src/storage/git/history.ts';
import { temporaryFolder } from '../support/cli.ts';
import { createRepository, packageFiles, runGit, under } from '../support/repository.ts';
import type { Files } from '../support/repository.ts';

/* What git tells of the past of a layer, of real repositories. */

const root = temporaryFolder();
const storage = createRepository(join(root, 'storage'));
const commit = (...packages: Files[]): string => storage.commit('main', storage.treeOf(under('p', ...packages)));
const [one, two, zip] = [packageFiles('a', '1.0.0'), packageFiles('a', '2.0.0'), { 'b-1.0.0.zip': 'a zip' }];
const first = commit(one);
const second = commit(one, two, zip);
commit(one, packageFiles('a', '2.0.0', { 'docs/README.md': 'Other words, which add nothing.' }), zip);
const last = commit(one, zip);

const historyOf = async (directory: string): Promise<unknown[]> => {
  const found = await layerHistory({ directory }, { commit: last, packages: 'p' });
  return found.map(({ commit: id, added, removed }) => [id, added, removed]);
};

test('the history of a layer is the commits that added or removed revisions, the newest first', async () => {
  const gone = [last, [], ['p/a/2.0.0']];
  expect(await historyOf(storage.folder)).toEqual([
    gone,
    [second, ['p/a/2.0.0', 'p/b-1.0.0.zip'], []],
    [first, ['p/a/1.0.0'], []],
  ]);
  const [{ time, date } = {}] = await layerHistory({ directory: storage.folder }, { commit: first, packages: 'p' });
  expect([time, Date.parse(date ?? '')]).toEqual([1704164645, 1704164645000]);
});

test('of a shallow clone, nothing is known of the oldest commit', async () => {
  const clone = join(root, 'clone');
  runGit(['clone', '--quiet', '--bare', '--depth', '2', '--branch', 'main', pathToFileURL(storage.folder).href, clone]);
  expect(await historyOf(clone)).toEqual([[last, [], ['p/a/2.0.0']]]);
});

test('names with control characters, which no package has, change nothing of what is told about others', async () => {
  const odd = createRepository(join(root, 'odd'));
  const names = ['a\x01b', 'a\x01', '\x01a', '\n\x01a', '\nA'].map((name) => `${name}/1.0.0/manifest.yml`);
  const files = under('p', one, two, Object.fromEntries(names.map((path) => [path, 'x'])));
  const id = odd.commit('main', odd.treeOf(files));
  const gone = odd.commit('main', odd.treeOf(under('p', two)));
  const found = await layerHistory({ directory: odd.folder }, { commit: gone, packages: 'p' });
  const places = Object.keys(files).filter((path) => path.endsWith('/manifest.yml'));
  const short = places.map((path) => path.replace('/manifest.yml', ''));
  expect(found.map((entry) => [entry.commit, entry.added.toSorted(), entry.removed.toSorted()])).toEqual([
    [gone, [], short.filter((place) => place !== 'p/a/2.0.0').toSorted()],
    [id, short.toSorted(), []],
  ]);
  expect(found.every(({ time }) => Number.isFinite(time))).toBe(true);
});
