import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeQuickly } from '../../src/tree/commit/leftovers.ts';
import { temporaryFolder } from '../support/folder.ts';

const FILES = { 'site/a': '1', 'site/b/c/d': '2', 'site/b/e': '3', other: '4' };

test('a folder is removed with all that it holds, and nothing else', () => {
  const parent = temporaryFolder(FILES);
  removeQuickly(join(parent, 'site'));
  expect(readdirSync(parent)).toEqual(['other']);
});

test('what can not be removed in time stays, for the next run', () => {
  const parent = temporaryFolder(FILES);
  removeQuickly(join(parent, 'site'), -1);
  expect(existsSync(join(parent, 'site/b/c/d'))).toBe(true);
  removeQuickly(join(parent, 'site'));
  expect(readdirSync(parent)).toEqual(['other']);
});

test('nothing and a file can be removed, too', () => {
  const parent = temporaryFolder(FILES);
  removeQuickly(join(parent, 'nothing'));
  removeQuickly(join(parent, 'other'));
  expect(readdirSync(parent)).toEqual(['site']);
});
