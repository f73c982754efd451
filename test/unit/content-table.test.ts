import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { contentTable } from '../../src/build/cache/content-table.ts';
import type { StoredContent } from '../../src/build/threads/tasks.ts';

function content(i: number): StoredContent {
  return {
    size: 2 ** 33 + i,
    digest: randomBytes(32).toString('hex'),
    crc32: 2 ** 32 - 1 - i,
    sniffed: i % 2 === 0 ? 'text/plain; charset=utf-8' : 'image/png',
    pack: `pack-${i % 3}`,
    offset: 2 ** 40 + i,
    deflatedSize: i,
    deflatedCrc32: 2 ** 31 + i,
  };
}

test('gives back what it took in, in its order, however much that is; the last of an id counts', () => {
  const table = contentTable();
  const all = Array.from({ length: 2500 }, (_, i) => [`id-${i}`, content(i)] as const);
  for (const [id] of all) table.set(id, content(0));
  for (const [id, one] of all) table.set(id, one);
  expect([...table.entries()]).toEqual(all);
  expect(table.get('id-2499')).toEqual(all[2499]?.[1]);
  expect([table.has('id-0'), table.has('id-2500'), table.get('id-2500')]).toEqual([true, false, undefined]);
});
