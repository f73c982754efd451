import { expect, test } from 'vitest';
import { boundedMemory } from '../../src/hosts/node/memory.ts';
import type { Memory } from '../../src/hosts/node/memory.ts';

/** A memory of 80 kB over texts of 9,000 characters, that notes what was read. */
function texts(): {
  memory: Memory<string | undefined>;
  get(key: string, text?: string): Promise<string | undefined>;
  read: string[];
} {
  const memory = boundedMemory<string | undefined>(80_000, (text) => text?.length ?? Infinity);
  const read: string[] = [];
  const get = async (key: string, text?: string): Promise<string | undefined> =>
    await memory.get(key, async () => {
      read.push(key);
      return text;
    });
  return { memory, get, read };
}

const NEARLY_AN_EIGHTH = 'x'.repeat(8500);

test('what was read is kept', async () => {
  const { get, read } = texts();
  expect([await get('a', 'one'), await get('a', 'two')]).toEqual(['one', 'one']);
  expect(read).toEqual(['a']);
});

test('beyond the bound the least recently used is forgotten', async () => {
  const { get, read } = texts();
  for (const key of 'abcdefgh') await get(key, NEARLY_AN_EIGHTH);
  await get('a', NEARLY_AN_EIGHTH);
  await get('i', NEARLY_AN_EIGHTH);
  read.length = 0;
  for (const key of 'acdefgh') await get(key, NEARLY_AN_EIGHTH);
  expect(read).toEqual([]);
  await get('b', NEARLY_AN_EIGHTH);
  expect(read).toEqual(['b']);
});

test('neither what is larger than an eighth of the bound is kept, nor what is not there', async () => {
  const { get, read } = texts();
  for (const text of ['x'.repeat(10_001), undefined])
    for (let i = 0; i < 2; i++) expect(await get('a', text)).toBe(text);
  expect(read).toEqual(['a', 'a', 'a', 'a']);
});

test('what was being read when all was forgotten is not kept', async () => {
  const { memory, get } = texts();
  const reading = memory.get('a', async () => {
    memory.clear();
    return 'old';
  });
  expect(await reading).toBe('old');
  expect(await get('a', 'new')).toBe('new');
});

test('two readers of the same at once count once', async () => {
  const { get, read } = texts();
  await Promise.all([get('a', NEARLY_AN_EIGHTH), get('a', NEARLY_AN_EIGHTH)]);
  for (const key of 'bcdefgh') await get(key, NEARLY_AN_EIGHTH);
  read.length = 0;
  await get('a', NEARLY_AN_EIGHTH);
  expect(read).toEqual([]);
});
