import type { RevisionId } from '../storage/storage.ts';
import type { Watch } from './body.ts';
import type { Mirroring } from './mirroring.ts';

/** Estimates how many bytes there are to fetch: a list doesn't tell. */
export interface Meter {
  /** So many revisions are to be fetched. */
  expect(revisions: number): void;
  /** Watches a zip as it comes. */
  watch(id: RevisionId): Watch;
  /** A revision is fetched, or can't be. */
  onFetched(id: RevisionId): void;
}

/**
 * Tells `onProgress` of the bytes of zips that came, and of the bytes of all: what answers have said of their zips, and as much on
 * average of each other one. Of an answer that says nothing, what came of it counts.
 */
export function meter(onProgress: Mirroring['onBytes']): Meter {
  let revisions = 0;
  const came = tally();
  const sizes = tally();
  return {
    expect: (count) => void (revisions = count),
    watch: (id) => ({
      onHead: (length) => {
        came.set(id, 0);
        if (length !== undefined) sizes.set(id, length);
      },
      onBytes: (count) => {
        came.set(id, came.of(id) + count);
        sizes.set(id, Math.max(sizes.of(id), came.of(id)));
        const all = Math.max(revisions, sizes.count());
        onProgress?.(came.sum(), Math.round((sizes.sum() * all) / sizes.count()));
      },
    }),
    onFetched: (id) => sizes.set(id, came.of(id)),
  };
}

/** A number for each revision, and their sum. */
function tally() {
  const numbers = new Map<RevisionId, number>();
  let sum = 0;
  const of = (id: RevisionId): number => numbers.get(id) ?? 0;
  return {
    of,
    set: (id: RevisionId, number: number): void => {
      sum += number - of(id);
      numbers.set(id, number);
    },
    sum: () => sum,
    count: () => numbers.size,
  };
}
