import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { contentTime } from '../../src/tree/content-time.ts';

const digests = Array.from({ length: 1000 }, (_, i) => createHash('sha256').update(String(i)).digest('hex'));

test('the time of a content is a time that zips can hold, and past', () => {
  const ends = ['0'.repeat(64), 'f'.repeat(64)].map((digest) => new Date(1000 * contentTime(digest)).toISOString());
  expect(ends).toEqual(['1980-01-01T00:00:00.000Z', '2014-01-09T13:37:02.000Z']);
  for (const digest of digests) expect(contentTime(digest) % 2).toBe(0);
});

test('different contents have different times', () => {
  expect(new Set(digests.map(contentTime)).size).toBe(digests.length);
});
