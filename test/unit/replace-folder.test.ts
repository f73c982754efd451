import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ownProcess } from '../../src/tree/commit/process-id.ts';
import { recoverFolder, recoverIfFree, replaceFolder } from '../../src/tree/commit/replace.ts';
import { filesOf, temporaryFolder, writeFiles } from '../support/folder.ts';
import type { Files } from '../support/folder.ts';
import { deadProcess, ELSEWHERE, whileLocked } from '../support/lock.ts';

async function replaceWith(folder: string, files: Files): Promise<void> {
  await replaceBy(folder, async (temporary) => writeFiles(temporary, files));
}

async function replaceBy<T>(folder: string, make: (temporary: string) => Promise<T>): Promise<T> {
  return await whileLocked(folder, (locked) => replaceFolder(locked, make));
}

describe('replacing a folder', () => {
  test('makes it, and the folders above it', async () => {
    const parent = temporaryFolder();
    await replaceWith(join(parent, 'dist/staging'), { 'a/b': 'new' });
    expect(filesOf(parent)).toEqual({ 'dist/staging/a/b': 'new' });
  });

  test('leaves nothing of the old one', async () => {
    const parent = temporaryFolder({ 'site/old': 'old', 'site/a': 'old', 'other/a': 'other' });
    await replaceWith(join(parent, 'site'), { a: 'new' });
    expect(filesOf(parent)).toEqual({ 'site/a': 'new', 'other/a': 'other' });
    expect(readdirSync(parent).sort()).toEqual(['other', 'site']);
  });

  test('gives what the making gave', async () => {
    const parent = temporaryFolder();
    expect(await replaceBy(join(parent, 'site'), async () => 42)).toBe(42);
  });

  test('has the old one in place until the new one is whole', async () => {
    const parent = temporaryFolder({ 'site/a': 'old' });
    await replaceBy(join(parent, 'site'), async (temporary) => {
      writeFiles(temporary, { a: 'new' });
      expect(filesOf(join(parent, 'site'))).toEqual({ a: 'old' });
    });
    expect(filesOf(parent)).toEqual({ 'site/a': 'new' });
  });

  test.each([[{ 'site/a': 'old' }], [{}]])('that fails leaves it as it was: %j', async (before: Files) => {
    const parent = temporaryFolder(before);
    const failing = replaceBy(join(parent, 'site'), async (temporary) => {
      writeFiles(temporary, { a: 'half' });
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(filesOf(parent)).toEqual(before);
    expect(readdirSync(parent)).toEqual(Object.keys(before).map(() => 'site'));
  });

  test('keeps no listener at the end of the process', async () => {
    const before = process.listenerCount('exit');
    await replaceWith(join(temporaryFolder(), 'site'), {});
    expect(process.listenerCount('exit')).toBe(before);
  });

  test('clears what others have left of the same folder, since none of them holds the lock', async () => {
    const dead = deadProcess();
    const owners = [dead, ELSEWHERE];
    const left = owners.flatMap((owner) => ['tmp', 'old'].map((kind) => [`.site.${owner}.${kind}/a`, 'half'] as const));
    const others = {
      [`.site.${ELSEWHERE}.lock/a`]: 'of a process that waits for the lock, elsewhere',
      [`.other.${dead}.tmp/a`]: 'of another folder',
      [`.site.two.${dead}.old/a`]: 'of another folder',
      '.site.notes': 'own',
    };
    const parent = temporaryFolder({ 'site/a': 'old', ...Object.fromEntries(left), ...others });
    await replaceWith(join(parent, 'site'), { a: 'new' });
    expect(filesOf(parent)).toEqual({ 'site/a': 'new', ...others });
  });
});

describe('recovering', () => {
  test('puts back what a killed run had moved away', async () => {
    const parent = temporaryFolder({ [`.site.${deadProcess()}.old/a`]: 'old' });
    recoverFolder(join(parent, 'site'));
    expect(filesOf(parent)).toEqual({ 'site/a': 'old' });
  });

  test('leaves a whole folder as it is', async () => {
    const parent = temporaryFolder({ 'site/a': 'new', [`.site.${deadProcess()}.old/a`]: 'old' });
    recoverFolder(join(parent, 'site'));
    expect(filesOf(parent)).toEqual({ 'site/a': 'new' });
  });

  test("leaves what is another folder's", async () => {
    const files = { [`.site.two.${deadProcess()}.old/a`]: 'the only copy of site.two' };
    const parent = temporaryFolder(files);
    recoverFolder(join(parent, 'site'));
    expect(filesOf(parent)).toEqual(files);
    recoverFolder(join(parent, 'site.two'));
    expect(Object.keys(filesOf(parent))).toEqual(['site.two/a']);
  });

  test('leaves what a running process has moved away to a reader, and to itself', async () => {
    const files = { [`.site.${ownProcess()}.old/a`]: 'old' };
    const parent = temporaryFolder(files);
    await whileLocked(join(parent, 'site'), async () => {
      recoverIfFree(join(parent, 'site'));
      expect(Object.keys(filesOf(parent)).filter((path) => !path.startsWith('.site.lock/'))).toEqual(
        Object.keys(files),
      );
    });
    recoverIfFree(join(parent, 'site'));
    expect(filesOf(parent)).toEqual({ 'site/a': 'old' });
    expect(readdirSync(parent)).toEqual(['site']);
  });

  test('is done by a reader, too, where the process that held the lock is gone', async () => {
    const dead = deadProcess();
    const parent = temporaryFolder({ [`.site.lock/${dead}-1234abcd`]: '{}', [`.site.${dead}.old/a`]: 'old' });
    recoverIfFree(join(parent, 'site'));
    expect(filesOf(parent)).toEqual({ 'site/a': 'old' });
    expect(readdirSync(parent)).toEqual(['site']);
  });

  test('removes the rest of a change that was carried out', async () => {
    const parent = temporaryFolder({ 'site/a': 'new', 'site/.epr-static/patch/_registry/rest': 'x' });
    recoverFolder(join(parent, 'site'));
    expect(filesOf(parent)).toEqual({ 'site/a': 'new' });
    expect(readdirSync(join(parent, 'site'))).toEqual(['a']);
  });

  test('does nothing where nothing is', async () => {
    const parent = temporaryFolder();
    recoverFolder(join(parent, 'site'));
    recoverFolder(join(parent, 'none/site'));
    expect(readdirSync(parent)).toEqual([]);
  });

  test('takes the folder back when the new one was made but not yet in place', async () => {
    const dead = deadProcess();
    const parent = temporaryFolder({ [`.site.${dead}.old/a`]: 'old', [`.site.${dead}.tmp/a`]: 'new' });
    await replaceBy(join(parent, 'site'), async () => Promise.reject(new Error('no'))).catch(() => undefined);
    expect(filesOf(parent)).toEqual({ 'site/a': 'old' });
  });
});
