import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startHeartbeat } from '../../src/tree/commit/heartbeat.ts';
import { tryLock, withLock } from '../../src/tree/commit/lock.ts';
import { ownProcess, presenceOf } from '../../src/tree/commit/process-id.ts';
import { temporaryFolder, writeFiles } from '../support/folder.ts';
import { deadProcess, ELSEWHERE, whileLocked } from '../support/lock.ts';

const files = (parent: string): string[] => readdirSync(join(parent, '.site.lock'));

describe('the identity of a process', () => {
  test('says whether the process runs', () => {
    expect(presenceOf(ownProcess())).toBe('running');
    expect(presenceOf(deadProcess())).toBe('gone');
    expect(presenceOf(ELSEWHERE)).toBe('unknown');
  });

  test.skipIf(!existsSync('/proc/self/stat'))('tells a process from a later one with the same id', () => {
    const [machine, pid, start] = ownProcess().split('-');
    expect(presenceOf(`${machine}-${pid}-${Number(start) - 1}`)).toBe('gone');
  });
});

describe('a lock', () => {
  test('is one file that names its holder, and is gone afterwards', async () => {
    const parent = temporaryFolder();
    const site = join(parent, 'dist/site');
    await whileLocked(site, async () => {
      const [name = '', ...others] = files(join(parent, 'dist'));
      expect(others).toEqual([]);
      expect(name.startsWith(`${ownProcess()}-`)).toBe(true);
      const about: unknown = JSON.parse(readFileSync(join(parent, 'dist/.site.lock', name), 'utf8'));
      expect(about).toEqual({ host: hostname(), pid: process.pid, since: expect.any(String) });
    });
    expect(readdirSync(parent)).toEqual([]);
  });

  test('leaves a folder that was there, and one in which something was made', async () => {
    const parent = temporaryFolder();
    await whileLocked(join(parent, 'site'), () => Promise.resolve());
    expect(readdirSync(parent)).toEqual([]);
    const made = async (): Promise<void> => writeFiles(parent, { 'a/b/c/site/x': '' });
    await whileLocked(join(parent, 'a/b/c/site'), made);
    expect(readdirSync(join(parent, 'a/b/c'))).toEqual(['site']);
    await whileLocked(join(parent, 'a/d/site'), () => Promise.resolve());
    expect(readdirSync(join(parent, 'a'))).toEqual(['b']);
  });

  test('is released where the work fails', async () => {
    const parent = temporaryFolder();
    const failing = whileLocked(join(parent, 'site'), () => Promise.reject(new Error('the disk is full')));
    await expect(failing).rejects.toThrow('the disk is full');
    expect(readdirSync(parent)).toEqual([]);
  });

  test('is held by one at a time, in one process too, and whoever waits is told for whom', async () => {
    const parent = temporaryFolder();
    const site = join(parent, 'site');
    const told: string[] = [];
    const order: string[] = [];
    let second: Promise<void> | undefined;
    await whileLocked(site, async () => {
      expect(tryLock(site)).toBeUndefined();
      const waiting = new Promise<void>((resolve) => {
        const onWait = (holder: string): void => {
          told.push(holder);
          resolve();
        };
        second = withLock(site, { onWait }, async () => void order.push('second'));
      });
      await waiting;
      order.push('first');
    });
    await second;
    expect(order).toEqual(['first', 'second']);
    expect(told).toEqual([expect.stringMatching(`^process ${process.pid} on ${hostname()}, since 20`)]);
    expect(readdirSync(parent)).toEqual([]);
  });

  test('of a process that is gone is taken over at once', async () => {
    const parent = temporaryFolder({ [`.site.lock/${deadProcess()}-1234abcd`]: '{}' });
    await whileLocked(join(parent, 'site'), async () => expect(files(parent)).toHaveLength(1));
    expect(readdirSync(parent)).toEqual([]);
  });

  test('of a process out of sight is taken over once it shows no sign of life any more', async () => {
    const holder = `.site.lock/${ELSEWHERE}-1234abcd`;
    const parent = temporaryFolder({ [holder]: '{"host":"other","pid":7,"since":"2026-01-01T00:00:00Z"}' });
    const told: string[] = [];
    let signs = 0;
    const beat = setInterval(() => {
      utimesSync(join(parent, holder), new Date(), new Date(1000 * ++signs));
      if (signs === 100) clearInterval(beat);
    }, 40);
    await withLock(join(parent, 'site'), { onWait: (text) => told.push(text), patience: 2000 }, async () => {
      expect(signs).toBe(100);
      expect(files(parent)).toHaveLength(1);
    });
    expect(told).toEqual(['process 7 on other, since 2026-01-01T00:00:00Z']);
  });

  test('that was taken over stops its former holder before anything takes effect', async () => {
    const parent = temporaryFolder();
    const losing = whileLocked(join(parent, 'site'), async ({ lock }) => {
      for (const name of files(parent)) rmSync(join(parent, '.site.lock', name));
      writeFiles(parent, { [`.site.lock/${ELSEWHERE}-1234abcd`]: '{}' });
      lock.check();
    });
    await expect(losing).rejects.toMatchObject({ code: 'lock-lost' });
    expect(files(parent)).toEqual([`${ELSEWHERE}-1234abcd`]);
  });

  test('is the reason where its loss made the work fail', async () => {
    const parent = temporaryFolder();
    const losing = whileLocked(join(parent, 'site'), async () => {
      rmSync(join(parent, '.site.lock'), { recursive: true });
      throw new Error('ENOENT');
    });
    await expect(losing).rejects.toMatchObject({ code: 'lock-lost' });
  });

  test('of a process that is gone is taken over by one of many that wait', async () => {
    const parent = temporaryFolder({ [`.site.lock/${deadProcess()}-1234abcd`]: '{}' });
    const module = new URL('../../lib/tree/commit/lock.js', import.meta.url).href;
    const script = `
      import { mkdirSync, rmdirSync } from 'node:fs';
      import { setTimeout } from 'node:timers/promises';
      import { withLock } from '${module}';
      for (let i = 0; i < 5; i++)
        await withLock('site', { onWait: () => {} }, async () => {
          mkdirSync('alone');
          await setTimeout(10);
          rmdirSync('alone');
        });`;
    const args = ['--input-type=module', '--eval', script];
    const waiting = Array.from({ length: 6 }, () => promisify(execFile)(process.execPath, args, { cwd: parent }));
    await Promise.all(waiting);
    expect(readdirSync(parent)).toEqual([]);
  });
});

test('signs of life go on while the main thread is busy', () => {
  const parent = temporaryFolder({ file: '' });
  const file = join(parent, 'file');
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const signs = new Set<number>();
  const stop = startHeartbeat({ file, every: 20 });
  while (signs.size < 5) {
    Atomics.wait(pause, 0, 0, 10);
    signs.add(statSync(file).mtimeMs);
  }
  stop();
});

test('signs of life go on where the system gives no thread for them', async () => {
  const parent = temporaryFolder({
    file: '',
    'fail.cjs': "if (!require('node:worker_threads').isMainThread) throw new Error('no thread');",
    'beat.mjs': `import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { startHeartbeat } from ${JSON.stringify(new URL('../../lib/tree/commit/heartbeat.js', import.meta.url).href)};
const signs = new Set();
const stop = startHeartbeat({ file: 'file', every: 20 });
for (; signs.size < 5; signs.add(statSync('file').mtimeMs)) await pause(10);
stop();`,
  });
  const args = ['--require', './fail.cjs', 'beat.mjs'];
  await promisify(execFile)(process.execPath, args, { cwd: parent, timeout: 20_000 });
});
