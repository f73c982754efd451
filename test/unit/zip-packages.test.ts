import { readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { revisionId } from '../../src/storage/storage.ts';
import type { Revision } from '../../src/storage/storage.ts';
import { zipPackages } from '../../src/storage/zip-packages.ts';
import { temporaryFolder } from '../support/folder.ts';
import { zipMaker } from '../support/zips.ts';

/* A layer may hold more zips than a process can open files. */

const COUNT = 100;

function revisionAt(path: string, i: number): Revision {
  const name = `acme_${i}`;
  const id = revisionId(name, '1.0.0');
  return { id, name, version: '1.0.0', layer: 'one', where: path, source: path, zipped: true, signature: undefined };
}

/** How many files below a folder this process has open. */
function openIn(folder: string): number {
  const handles = readdirSync('/proc/self/fd').flatMap((handle) => {
    try {
      return readlinkSync(`/proc/self/fd/${handle}`);
    } catch {
      return []; // the handle by which the list was read
    }
  });
  return handles.filter((path) => path.startsWith(folder)).length;
}

test.skipIf(process.platform !== 'linux')('few of many zips are open at a time, and all can be read', async () => {
  const folder = temporaryFolder();
  const zips = zipMaker(temporaryFolder());
  const paths = Array.from({ length: COUNT }, (_, i) => {
    const path = join(folder, `acme_${i}-1.0.0.zip`);
    writeFileSync(path, zips.make(`acme_${i}-1.0.0`, new Map([['a', Buffer.from(`${i}`)]]))?.bytes ?? '');
    return path;
  });
  const packages = zipPackages(async (path) => path, DEFAULT_LIMITS);
  const listed = await Promise.all(paths.map((path, i) => packages.list(revisionAt(path, i), '')));
  expect(openIn(folder)).toBeLessThan(COUNT / 2);
  const contents = listed.map(({ files }) => files[0]?.content ?? '');
  const read = await Promise.all(contents.map((content) => packages.read(content)));
  expect(read.map(String)).toEqual(paths.map((_, i) => `${i}`));
  expect(openIn(folder)).toBeLessThan(COUNT / 2);

  rmSync(paths[0] ?? '');
  writeFileSync(paths[1] ?? '', zips.make('other-1.0.0', new Map([['b', Buffer.from('1')]]))?.bytes ?? '');
  for (const content of contents.slice(0, 2))
    expect(await packages.read(content)).toMatchObject({ text: 'was changed while it was read' });
  await packages.close();
  expect(openIn(folder)).toBe(0);
});
