import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finishPatch, hasPatch, patchFolder } from '../../src/tree/commit/patch.ts';
import { filesOf, temporaryFolder, writeFiles } from '../support/folder.ts';
import type { Files } from '../support/folder.ts';
import { noOthers, whileLocked } from '../support/lock.ts';

const OLD: Files = {
  'site/index': 'old',
  'site/a/b/c': 'old',
  'site/file': 'becomes a folder',
  'site/folder/one': 'becomes a file',
  'site/kept/k': 'kept',
};
const NEW: Files = { index: 'new', 'file/inside': 'new', folder: 'new', 'kept/n': 'new' };
const REMOVED = ['a/b/c', 'file', 'folder/one'];
const RESULT = {
  'site/index': 'new',
  'site/file/inside': 'new',
  'site/folder': 'new',
  'site/kept/k': 'kept',
  'site/kept/n': 'new',
};

async function patch(parent: string, lock = noOthers): Promise<void> {
  await patchFolder({ folder: join(parent, 'site'), lock }, async (temporary) => {
    writeFiles(temporary, NEW);
    return { result: undefined, removed: REMOVED, last: ['index'] };
  });
}

test('a patch moves the new in and removes the old, empty folders too', async () => {
  const parent = temporaryFolder(OLD);
  await patch(parent);
  expect(filesOf(parent)).toEqual(RESULT);
  expect(readdirSync(join(parent, 'site')).sort()).toEqual(['file', 'folder', 'index', 'kept']);
  expect(readdirSync(parent)).toEqual(['site']);
});

test('a patch that gives nothing or fails changes nothing', async () => {
  const parent = temporaryFolder(OLD);
  const locked = { folder: join(parent, 'site'), lock: noOthers };
  expect(await patchFolder(locked, async (temporary) => writeFiles(temporary, NEW) as undefined)).toBeUndefined();
  await expect(patchFolder(locked, () => Promise.reject(new Error('the disk is full')))).rejects.toThrow('full');
  expect(filesOf(parent)).toEqual(OLD);
});

test('a patch whose lock was lost changes nothing', async () => {
  const parent = temporaryFolder(OLD);
  const losing = whileLocked(join(parent, 'site'), async ({ lock }) => {
    renameSync(join(parent, '.site.lock'), join(parent, 'taken'));
    await patch(parent, lock);
  });
  await expect(losing).rejects.toMatchObject({ code: 'lock-lost' });
  expect(filesOf(join(parent, 'site'))).toEqual(filesOf(join(temporaryFolder(OLD), 'site')));
});

/** What is left of a patch after so many of its steps: removals first, then moves, then the last removal. */
const interruptions: readonly [name: string, done: (site: string, patchOf: (path: string) => string) => void][] = [
  ['nothing', () => undefined],
  [
    'a move into a folder that was a file',
    (site, patchOf) => {
      renameSync(join(site, 'file'), join(site, '../gone'));
      writeFiles(site, { 'file/x': '' });
      renameSync(patchOf('file/inside'), join(site, 'file/inside'));
      renameSync(join(site, 'file/x'), join(site, '../gone2'));
    },
  ],
  [
    'a move to a file that was a folder',
    (site, patchOf) => {
      renameSync(join(site, 'folder'), join(site, '../gone'));
      renameSync(patchOf('folder'), join(site, 'folder'));
    },
  ],
  ['the move of what comes last', (site, patchOf) => renameSync(patchOf('index'), join(site, 'index'))],
];

test.each(interruptions)('a patch that was interrupted after %s is carried out to the end', async (_, done) => {
  const parent = temporaryFolder(OLD);
  const site = join(parent, 'site');
  writeFiles(join(parent, '.site.patch'), NEW);
  const journal = { inTheWay: ['file', 'folder/one'], removed: ['a/b/c'], last: ['index'] };
  writeFiles(join(parent, '.site.patch'), { '.journal.json': JSON.stringify(journal) });
  done(site, (path) => join(parent, '.site.patch', path));
  expect(hasPatch(site)).toBe(true);
  await finishPatch(site);
  expect(filesOf(site)).toEqual(
    Object.fromEntries(Object.entries(RESULT).map(([path, text]) => [path.slice(5), text])),
  );
  expect(hasPatch(site)).toBe(false);
});
