import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keptFiles, keptLists, readChecked, writeChecked } from '../../src/build/cache/checked-files.ts';
import { temporaryFolder } from '../support/folder.ts';
import { deadProcess } from '../support/lock.ts';

test.each([
  ['files', keptFiles],
  ['lists', keptLists],
])('kept %s: what a killed build has left is cleared away', (_, open) => {
  const folder = temporaryFolder({ [`a.${deadProcess()}.tmp`]: 'half' });
  open(folder);
  expect(readdirSync(folder)).toEqual([]);
});

test('a kept file is written beside the folders of the others', () => {
  const folder = temporaryFolder();
  const files = keptFiles<number>(folder);
  files.set('ab12', 1);
  expect(files.get('ab12')).toBe(1);
  expect(readdirSync(folder)).toEqual(['ab']);
});

function* failing(): Generator<string> {
  yield 'whole';
  throw new Error('the disk is full');
}

test('a file that could not be written leaves nothing', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a');
  expect(() => writeChecked(path, failing())).toThrow('the disk is full');
  expect(readdirSync(folder)).toEqual([]);
  writeChecked(path, ['whole']);
  expect([readChecked(path), existsSync(path)]).toEqual(['whole\n', true]);
});
