import type { Traffic } from './client.ts';
import type { Mirroring } from './mirroring.ts';

/** Estimates how many bytes there are to fetch: a list doesn't tell. */
export interface Meter {
  onBytes(traffic: Traffic): void;
  /** The list is there, and so many revisions are still to be fetched. */
  expect(revisions: number): void;
  /** One of them is fetched, or can't be. */
  onFetched(): void;
}

/**
 * Tells `onProgress` of the bytes that came, and of the bytes of all revisions if they are like those that were fetched so far. So many
 * requests are under way at the same time: on average, half of each is there.
 */
export function meter(onProgress: Mirroring['onBytes'], concurrency: number): Meter {
  let revisions = 0;
  let fetched = 0;
  let bytes = 0;
  let before = 0;
  return {
    expect: (count) => {
      revisions = count;
      before = bytes;
    },
    onFetched: () => void fetched++,
    onBytes: (traffic) => {
      bytes = traffic.bytes;
      if (revisions === 0) return;
      const there = fetched + Math.min(concurrency, revisions - fetched) / 2;
      onProgress?.(bytes - before, Math.round(((bytes - before) * revisions) / there));
    },
  };
}
