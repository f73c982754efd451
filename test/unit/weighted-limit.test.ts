import { expect, test } from 'vitest';
import { weightedLimit } from '../../src/build/weighted-limit.ts';

/** Tasks of these weights, begun together; each ends by its number. What runs at each time, by number. */
async function runs(weights: readonly number[], bounds: { most: number; weight: number }): Promise<number[][]> {
  const limit = weightedLimit(bounds);
  const running = new Map<number, () => void>();
  const seen: number[][] = [];
  const done = weights.map((weight, i) =>
    limit(weight, () => new Promise<void>((end) => running.set(i, end))).finally(() => running.delete(i)),
  );
  for (const [i] of weights.entries()) {
    await new Promise(setImmediate);
    seen.push([...running.keys()]);
    running.get(i)?.();
  }
  await Promise.all(done);
  return seen;
}

test('no more tasks run than there may be, and together they weigh no more than they may', async () => {
  expect(await runs([1, 1, 1, 1], { most: 2, weight: 10 })).toEqual([[0, 1], [1, 2], [2, 3], [3]]);
  expect(await runs([4, 4, 4, 1], { most: 9, weight: 10 })).toEqual([[0, 1], [1, 2, 3], [2, 3], [3]]);
});

test('a task that is too heavy runs alone, and none overtakes it', async () => {
  expect(await runs([1, 99, 1], { most: 9, weight: 10 })).toEqual([[0], [1], [2]]);
});

test('a task that fails makes room, and its error arrives', async () => {
  const limit = weightedLimit({ most: 1, weight: 1 });
  await expect(limit(1, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await limit(1, () => Promise.resolve('next'))).toBe('next');
});
