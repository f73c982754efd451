import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startPool } from '../../src/build/threads/pool.ts';
import { contentPlace, threadTasks } from '../../src/build/threads/tasks.ts';
import type { Tasks, ZipTask } from '../../src/build/threads/tasks.ts';
import { temporaryFolder as folderOfFile } from '../support/cli.ts';
import { canMount, mountDisk } from '../support/disk.ts';
import { temporaryFolder } from '../support/folder.ts';

/* What the tasks of threads leave behind where something is in their way. */

const BYTES = randomBytes(100_000);

/** Tasks whose pack lies on a disk with room. */
function tasksWithRoom(): Tasks & { readonly pack: string } {
  const pack = join(temporaryFolder(), 'pack');
  return { ...threadTasks({ name: 'pack', file: pack }), pack };
}

function contentTask(store: string, bytes: Uint8Array = BYTES) {
  return { path: contentPlace(store, 'c0ffee'), temporary: join(store, 'c0ffee.tmp'), bytes };
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

test('a pool that is closed ends what is under way, and nothing is left of it', async () => {
  const store = temporaryFolder();
  const pool = startPool((i) => ({ name: `pack-${i}`, file: join(store, `pack-${i}`) }));
  await pool.run('write', { files: [] });
  const bytes = Buffer.concat([Buffer.from('PK\x03\x04'), randomBytes(8_000_000)]); // not compressed again
  const task = contentTask(store, bytes);
  void pool.run('store', task);
  await new Promise((resolve) => void setImmediate(() => setImmediate(resolve)));
  const end = Date.now() + 10_000;
  while (!existsSync(task.temporary) && Date.now() < end); // a wait by the event loop would come too late
  await pool.close();
  expect(filesIn(store).filter((name) => !name.startsWith('pack'))).toEqual(['c0ffee']);
});

test('a content that another build has half written is replaced, and not written into', () => {
  const store = temporaryFolder();
  const task = contentTask(store);
  mkdirSync(dirname(task.path), { recursive: true });
  writeFileSync(task.path, BYTES.subarray(0, 10));
  linkSync(task.path, join(store, 'site'));
  tasksWithRoom().store(task);
  expect(readFileSync(task.path)).toEqual(BYTES);
  expect(readFileSync(join(store, 'site'))).toEqual(BYTES.subarray(0, 10));
});

test('a content that is there stays, with all links to it', () => {
  const store = temporaryFolder();
  const task = contentTask(store);
  const tasks = tasksWithRoom();
  const first = tasks.store(task);
  linkSync(task.path, join(store, 'site'));
  expect(tasks.store(task)).toEqual({ ...first, offset: first.deflatedSize });
  writeFileSync(task.path, 'now');
  expect(readFileSync(join(store, 'site'), 'utf8')).toBe('now');
});

/** Is there until the tests of this file end, as the disks are. */
const root = folderOfFile();

function smallDisk(name: string): string {
  const disk = join(root, name);
  mountDisk(disk, 'size=64k');
  return disk;
}

describe.skipIf(!canMount)('on a full disk', () => {
  test('a content leaves nothing under its name, where another build would take it for whole', () => {
    const store = smallDisk('new');
    expect(() => tasksWithRoom().store(contentTask(store))).toThrow('ENOSPC');
    expect(filesIn(store)).toEqual([]);
  });

  test('a content that can not be replaced stays as it is', () => {
    const store = smallDisk('kept');
    const tasks = tasksWithRoom();
    tasks.store(contentTask(store, BYTES.subarray(0, 10)));
    expect(() => tasks.store(contentTask(store))).toThrow('ENOSPC');
    expect(filesIn(store)).toEqual(['c0ffee']);
  });

  test('a zip leaves nothing', () => {
    const archives = smallDisk('archives');
    const tasks = tasksWithRoom();
    const { size, crc32, offset, deflatedSize, deflatedCrc32 } = tasks.store(contentTask(temporaryFolder()));
    const task: ZipTask = {
      top: 'a-1.0.0',
      packs: { pack: tasks.pack },
      files: [['a', size, crc32, 'pack', offset, deflatedSize, deflatedCrc32]],
      folders: [],
      path: join(archives, 'aa/aa.zip'),
      temporary: join(archives, 'aa.tmp'),
    };
    expect(() => tasks.zip(task)).toThrow('ENOSPC');
    expect(filesIn(archives)).toEqual([]);
  });
});
