import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { readRecords, writeRecords } from '../../src/storage/folder-records.ts';
import { readFolderTrees } from '../../src/storage/folder-trees.ts';
import type { FolderTrees } from '../../src/storage/folder-trees.ts';
import { temporaryFolder, writeFiles } from '../support/folder.ts';
import { cleanEnvironment } from '../support/cli.ts';

/** Longer than until a file counts as unchanged by its stat. */
const SETTLED = 3000;

/** As a package. */
function read(folder: string, records?: FolderTrees['records']): FolderTrees {
  return readFolderTrees(folder, { limits: DEFAULT_LIMITS, above: 0, known: records });
}

function gitTree(folder: string): string {
  const repository = temporaryFolder();
  const git = (...args: string[]): string =>
    execFileSync('git', ['--git-dir', repository, '--work-tree', folder, ...args], {
      env: cleanEnvironment(),
    }).toString();
  git('init', '--quiet');
  git('add', '--all', '--force');
  return git('write-tree').trim();
}

/** A folder, read once its files count as unchanged. */
async function known(): Promise<{ folder: string; first: FolderTrees }> {
  const folder = temporaryFolder({ 'a/one': '1234', 'a/two': Buffer.alloc(2 ** 22), 'b/three': 'x' });
  await new Promise((resolve) => setTimeout(resolve, SETTLED));
  return { folder, first: read(folder) };
}

/** How many bytes this process has read so far. */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

describe('the id of a folder', () => {
  test("is that of git's tree: modes, links and odd names included", () => {
    const folder = temporaryFolder({
      'manifest.yml': 'a: b\n',
      'docs/README.md': '# A\n',
      'docs.x/a': '',
      'docs-x': 'sorts before docs/',
      'img/ä b\n.svg': 'x',
      'run.sh': '#!/bin/sh\n',
    });
    chmodSync(join(folder, 'run.sh'), 0o755);
    symlinkSync('../elsewhere', join(folder, 'docs/link'));
    expect(read(folder).tree).toBe(gitTree(folder));
  });

  test('tells of empty folders, which git leaves out and zips of packages have', () => {
    const folder = temporaryFolder({ 'manifest.yml': 'a: b\n' });
    const before = read(folder).tree;
    mkdirSync(join(folder, 'empty/empty'), { recursive: true });
    const trees = read(folder);
    expect(trees.tree).not.toBe(before);
    expect(trees.entries('/empty')).toMatchObject([{ name: 'empty', mode: '40000' }]);
    expect(trees.entries('/empty/empty')).toEqual([]);
  });

  test('is that of the empty tree, of an empty one', () => {
    expect(read(temporaryFolder()).tree).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
  });
});

describe('what is known of a folder', () => {
  test.runIf(process.platform === 'linux')('spares reading its files', async () => {
    const { folder, first } = await known();
    const before = bytesRead();
    const again = read(folder, first.records);
    expect(bytesRead() - before).toBeLessThan(2 ** 20);
    expect(again).toMatchObject({ tree: first.tree, isNew: false });
    expect(read(folder).tree).toBe(first.tree);
    expect(bytesRead() - before).toBeGreaterThan(2 ** 22);
  });

  test.each<[string, (folder: string) => void]>([
    ['other bytes of the same size, the time set back', (folder) => rewrite(join(folder, 'a/one'))],
    ['another file renamed to it', (folder) => replace(join(folder, 'a/one'))],
    ['a new file', (folder) => writeFiles(folder, { 'b/four': '' })],
    ['a folder less', (folder) => rmSync(join(folder, 'b'), { recursive: true })],
    ['a file that can be run', (folder) => chmodSync(join(folder, 'a/one'), 0o755)],
  ])('does not hide %s', async (_, change) => {
    const { folder, first } = await known();
    change(folder);
    const again = read(folder, first.records);
    expect(again.tree).not.toBe(first.tree);
    expect(again.tree).toBe(gitTree(folder));
    expect(again.isNew).toBe(true);
  });

  test('is not relied on for a file that changed just before it was read', () => {
    const folder = temporaryFolder({ 'a/one': '1234' });
    const { records } = read(folder);
    expect(records.get('/a')?.stats).toBe('one/? 4');
    rewrite(join(folder, 'a/one'));
    expect(read(folder, records).tree).toBe(gitTree(folder));
  });

  test('is kept in a file; one that was cut short or altered holds nothing', async () => {
    const { first } = await known();
    const file = join(temporaryFolder(), 'stats/records');
    writeRecords(file, first.records);
    expect(readRecords(file)).toEqual(first.records);
    const bytes = readFileSync(file);
    for (const broken of [
      bytes.subarray(0, -1),
      bytes.subarray(0, 3),
      Buffer.alloc(0),
      bytes.map((byte) => byte ^ 1),
    ]) {
      writeFileSync(file, broken);
      expect(readRecords(file).size).toBe(0);
    }
    rmSync(file);
    expect(readRecords(file).size).toBe(0);
  });
});

test('what can be no part of a package is an entry with a fault', async () => {
  const folder = temporaryFolder({ 'a/one': '1234' });
  symlinkSync('one', join(folder, 'a/link'));
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(join(folder, 'a/socket'), resolve));
  writeFileSync(Buffer.concat([Buffer.from(join(folder, 'a/')), Buffer.from([0xff])]), 'x');
  const faults = read(folder)
    .entries('/a')
    .map(({ name, fault }) => [name, fault?.text]);
  expect(Object.fromEntries(faults)).toEqual({
    one: undefined,
    link: 'is a symbolic link',
    socket: 'is not a file',
    '\ufffd': 'has a name that is not UTF-8',
  });
});

function rewrite(file: string): void {
  const { atime, mtime } = statSync(file);
  writeFileSync(file, '4321');
  utimesSync(file, atime, mtime);
}

function replace(file: string): void {
  writeFileSync(`${file}.new`, '4321');
  renameSync(`${file}.new`, file);
}
