import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type * as threads from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import { keepGlances, lookBy, touchedByGlances } from '../../src/build/cache/glances.ts';
import { openSiteWriter } from '../../src/tree/site-writer.ts';
import { listingOf } from '../../src/tree/manifest.ts';
import { temporaryFolder } from '../support/folder.ts';

const ends = vi.hoisted(() => ({ early: false }));

vi.mock('node:worker_threads', async (importOriginal) => {
  const real = await importOriginal<typeof threads>();
  class Worker extends real.Worker {
    constructor(...args: ConstructorParameters<typeof real.Worker>) {
      if (ends.early) super('process.exit(3)', { eval: true });
      else super(...args);
    }
  }
  return { ...real, Worker };
});

/** So many that a thread looks at them. Only one of them is there. */
const FILES = 13_000;

test('a thread finds what a look without one finds, hands errors on, and is not waited for once it ended', async () => {
  const folder = temporaryFolder();
  const file = join(temporaryFolder(), 'glances');
  const writer = openSiteWriter(folder);
  writer.write('there.txt', Buffer.from('there'), { type: 'text/plain', cache: 'files' });
  const gone = Array.from({ length: FILES }, (_, i) => {
    return {
      path: `of-${i}.txt`,
      size: i,
      digest: String(i).padStart(64, '0'),
      type: 'text/plain',
      cache: 'files',
    } as const;
  });
  writer.enter(listingOf(gone));
  const { manifest } = writer.finish();
  await keepGlances(file, folder, manifest);
  expect(statSync(file).size).toBeGreaterThan(2 ** 20);
  const look = { file, folder, manifest, since: Date.now() + 1000 };
  const touched = await touchedByGlances(look);
  expect(touched).toEqual(await lookBy(look, 'files'));
  expect(touched).toEqual(gone.map(({ path }) => path));
  expect(await lookBy(look, 'folders')).toEqual([]);
  const later = { ...look, since: 0 };
  expect(await touchedByGlances(later)).toEqual([...((await lookBy(later, 'folders')) ?? []), ...touched]);
  expect(await lookBy(later, 'folders')).toContain('');
  ends.early = true;
  await expect(touchedByGlances(look)).rejects.toThrow('ended without an answer');
  ends.early = false;
  rmSync(folder, { recursive: true });
  await expect(touchedByGlances(look)).rejects.toMatchObject({ code: 'ENOENT', syscall: 'scandir' });
});
