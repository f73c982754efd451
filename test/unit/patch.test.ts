import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { finishChange, isChanging, patchFolder, renewFolder } from '../../src/tree/commit/patch.ts';
import { recoverFolder } from '../../src/tree/commit/replace.ts';
import { treesOf } from '../../src/tree/current.ts';
import { filesOf, temporaryFolder, writeFiles } from '../support/folder.ts';
import type { Files } from '../support/folder.ts';
import { noOthers, whileLocked } from '../support/lock.ts';
import { snapshots } from '../support/steps.ts';

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

type Way = 'patched' | 'renewed';

/** Changes `site`; `hides` is for readers that know no journal. */
async function change(parent: string, way: Way, { lock = noOthers, hides = false } = {}): Promise<void> {
  const isRead = hides ? 'as it lies' : 'by journal';
  const place = { folder: join(parent, 'site'), lock, witness: 'index', isRead } as const;
  if (way === 'renewed') {
    await renewFolder(place, async (temporary) => writeFiles(temporary, { ...NEW, 'kept/k': 'kept' }));
    return;
  }
  await patchFolder(place, async (temporary) => {
    writeFiles(temporary, NEW);
    return { result: undefined, removed: REMOVED, last: ['index'] };
  });
}

/** What a reader sees of a folder: of each path that may be there, the text. */
function seen(folder: string): Record<string, string> {
  const paths = Object.keys({ ...OLD, ...RESULT }).map((path) => path.slice('site/'.length));
  const texts = paths.flatMap((path) => {
    const place = [...treesOf(folder, path)].map((tree) => join(tree, path)).find(isFile);
    return place === undefined ? [] : [[`site/${path}`, readFileSync(place, 'utf8')] as const];
  });
  return Object.fromEntries(texts);
}

/** The parent folder as a kill would leave it, from the switch on. */
async function statesOf(parent: string, way: Way): Promise<readonly string[]> {
  const places = join(parent, 'places');
  mkdirSync(places);
  renameSync(join(parent, 'site'), join(places, 'site'));
  const isSwitched = (): boolean => existsSync(join(places, 'site/.epr-static'));
  return await snapshots(places, () => change(places, way), isSwitched);
}

function isFile(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false; // not there, or a folder
  }
}

describe.each<[Way]>([['patched'], ['renewed']])('a folder that is %s', (way) => {
  test.each([[false], [true]])(
    'is the new one, without the old files and empty folders (out of sight: %s)',
    async (hides) => {
      const parent = temporaryFolder(OLD);
      await change(parent, way, { hides });
      expect(filesOf(parent)).toEqual(RESULT);
      expect(readdirSync(join(parent, 'site')).sort()).toEqual(['file', 'folder', 'index', 'kept']);
      expect(readdirSync(parent)).toEqual(['site']);
    },
  );

  test('stays as it is where the lock was lost', async () => {
    const parent = temporaryFolder(OLD);
    const losing = whileLocked(join(parent, 'site'), async ({ lock }) => {
      renameSync(join(parent, '.site.lock'), join(parent, 'taken'));
      await change(parent, way, { lock });
    });
    await expect(losing).rejects.toMatchObject({ code: 'lock-lost' });
    rmSync(join(parent, 'taken'), { recursive: true });
    expect(filesOf(parent)).toEqual(OLD);
  });

  test('is the new one to readers at each step of moving files in, and after the next run', async () => {
    const parent = temporaryFolder(OLD);
    const states = await statesOf(parent, way);
    expect(states.length).toBeGreaterThan(5);
    for (const state of states) {
      expect(seen(join(state, 'site'))).toEqual(RESULT);
      finishChange(join(state, 'site'));
      expect(filesOf(state)).toEqual(RESULT);
      expect(isChanging(join(state, 'site'))).toBe(false);
    }
  });

  test.each<[string, (site: string) => void, Files]>([
    ['its files are gone', (site) => empty(site), {}],
    ['other files are in its place', (site) => (empty(site), writeFiles(site, { index: 'other' })), { index: 'other' }],
    ['it is gone itself', (site) => rmSync(site, { recursive: true }), {}],
  ])('discards a change where %s', async (_, harm, rest) => {
    const parent = temporaryFolder(OLD);
    for (const state of await statesOf(parent, way)) {
      const site = join(state, 'site');
      if (!existsSync(join(site, '.epr-static/journal.json'))) continue;
      harm(site);
      expect(seen(site)).toEqual(
        Object.fromEntries(Object.entries(rest).map(([path, text]) => [`site/${path}`, text])),
      );
      finishChange(site);
      expect(existsSync(site) ? filesOf(site) : {}).toEqual(rest);
    }
  });
});

function empty(folder: string): void {
  for (const name of readdirSync(folder)) if (name !== '.epr-static') rmSync(join(folder, name), { recursive: true });
  rmSync(join(folder, '.epr-static/old'), { recursive: true, force: true });
}

test('a patch that gives nothing or fails changes nothing', async () => {
  const parent = temporaryFolder(OLD);
  const place = { folder: join(parent, 'site'), lock: noOthers, witness: 'index', isRead: 'by journal' } as const;
  expect(await patchFolder(place, async (temporary) => writeFiles(temporary, NEW) as undefined)).toBeUndefined();
  await expect(patchFolder(place, () => Promise.reject(new Error('the disk is full')))).rejects.toThrow('full');
  await expect(renewFolder(place, () => Promise.reject(new Error('the disk is full')))).rejects.toThrow('full');
  expect(
    await renewFolder(
      place,
      async () => 42,
      () => false,
    ),
  ).toBe(42);
  expect(filesOf(parent)).toEqual(OLD);
  expect(readdirSync(parent)).toEqual(['site']);
});

test('a folder that is out of sight while it changes comes back, wherever the run was killed', async () => {
  const parent = temporaryFolder(OLD);
  mkdirSync(join(parent, 'places'));
  renameSync(join(parent, 'site'), join(parent, 'places/site'));
  const states = await snapshots(
    join(parent, 'places'),
    () => change(join(parent, 'places'), 'patched', { hides: true }),
    () => true,
  );
  const ways = new Set<string>();
  for (const state of states) {
    const site = join(state, 'site');
    const isOld = filesOf(state)['site/index'] === 'old';
    const lies = existsSync(site) ? (existsSync(join(site, '.epr-static')) ? 'switched' : 'at rest') : 'out of sight';
    ways.add(lies);
    recoverFolder(site);
    expect(filesOf(state)).toEqual(lies === 'at rest' && isOld ? OLD : RESULT);
    expect(readdirSync(state)).toEqual(['site']);
  }
  expect([...ways]).toEqual(['at rest', 'switched', 'out of sight']);
});

test('a folder that is made anew may be used for work, too', async () => {
  const parent = temporaryFolder();
  const place = { folder: join(parent, 'dist/site'), lock: noOthers, witness: 'a/b', isRead: 'by journal' } as const;
  await renewFolder(place, async (temporary, work) => {
    expect(existsSync(work)).toBe(false);
    writeFiles(work, { pack: 'x', rest: 'x' });
    renameSync(join(work, 'pack'), join(temporary, 'pack'));
  });
  expect(filesOf(parent)).toEqual({ 'dist/site/pack': 'x' });
  expect(readdirSync(join(parent, 'dist'))).toEqual(['site']);
});
