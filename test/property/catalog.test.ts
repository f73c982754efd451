import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRevisions, mergeLayers } from '../../src/catalog/merge.ts';
import type { Layer, Revision } from '../../src/storage/storage.ts';
import { deprecationOf } from '../../src/build/entry.ts';
import { id } from '../support/arbitraries.ts';
import { layerOf } from '../support/layers.ts';

const ids = fc.uniqueArray(fc.oneof({ weight: 9, arbitrary: id }, { weight: 1, arbitrary: fc.constant('a@latest') }));
const layers = fc.array(ids, { maxLength: 4 }).map((all) => all.map((list, rank) => layerOf(`layer ${rank}`, list)));
const twoOrMore = layers.filter((all) => all.length > 1);

const merge = (...all: readonly Pick<Layer, 'revisions'>[]) => mergeLayers(all).revisions;
const asLayer = (revisions: readonly Revision[]) => ({ revisions });

describe('merging', () => {
  test('is associative in rank order', () => {
    fc.assert(
      fc.property(twoOrMore, fc.nat(), (all, seed) => {
        const cut = 1 + (seed % (all.length - 1));
        const [upper, lower] = [merge(...all.slice(0, cut)), merge(...all.slice(cut))];
        expect(merge(asLayer(upper), ...all.slice(cut))).toEqual(merge(...all));
        expect(merge(...all.slice(0, cut), asLayer(lower))).toEqual(merge(...all));
      }),
    );
  });

  test('is idempotent', () => {
    fc.assert(
      fc.property(layers, (all) => {
        expect(merge(asLayer(merge(...all)))).toEqual(merge(...all));
        expect(merge(...all, ...all)).toEqual(merge(...all));
      }),
    );
  });

  test('keeps of every id the one in the first layer that holds it, and shadows each other one by it', () => {
    fc.assert(
      fc.property(layers, (all) => {
        const { revisions, shadowed } = mergeLayers(all);
        const everyone = all.flatMap((layer) => layer.revisions);
        for (const revision of revisions) expect(revision).toBe(everyone.find((one) => one.id === revision.id));
        expect(new Set([...revisions, ...shadowed.map(({ loser }) => loser)])).toEqual(new Set(everyone));
        expect(revisions.length + shadowed.length).toBe(everyone.length);
        for (const { loser, winner } of shadowed) {
          expect(winner.id).toBe(loser.id);
          expect(revisions).toContain(winner);
        }
      }),
    );
  });

  test('with a lower layer changes nothing of the higher ones', () => {
    fc.assert(
      fc.property(layers, ids, (all, more) => {
        const before = merge(...all);
        const after = merge(...all, layerOf('lowest', more));
        expect(after.filter(({ layer }) => layer !== 'lowest')).toEqual(before);
      }),
    );
  });

  test("doesn't depend on the order inside a layer", () => {
    const shuffled = ids.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(merge(layerOf('one', other))).toEqual(merge(layerOf('one', list)));
      }),
    );
  });
});

test('the order of revisions is total', () => {
  const revision = fc
    .oneof(id, fc.constantFrom('a@latest', 'a@1.0', 'b@x'))
    .map((one) => layerOf('', [one]).revisions[0]!);
  fc.assert(
    fc.property(revision, revision, revision, (a, b, c) => {
      expect(Math.sign(compareRevisions(a, b)) + Math.sign(compareRevisions(b, a))).toBe(0);
      expect(compareRevisions(a, b) === 0).toBe(a.id === b.id);
      if (compareRevisions(a, b) < 0 && compareRevisions(b, c) < 0) expect(compareRevisions(a, c)).toBeLessThan(0);
    }),
  );
});

/*
 * The one thing that a lower layer can change for a higher one: `deprecated` of the newest version is shown on all.
 */
test('what a lower layer deprecates counts only where it is of the newest version that deprecates its name', () => {
  const deprecating = fc.func(fc.boolean());
  fc.assert(
    fc.property(layers, ids, deprecating, (all, more, isDeprecated) => {
      const inForce = (of: readonly Layer[]) => {
        const entries = merge(...of).map((revision) => ({
          revision,
          deprecated: isDeprecated(revision.id) ? `${revision.id} of ${revision.layer}` : undefined,
        }));
        const names = new Set(entries.map((one) => one.revision.name));
        const found = [...names].map((name) => {
          return [name, deprecationOf(entries.filter((one) => one.revision.name === name))] as const;
        });
        return new Map(found.filter(([, deprecated]) => deprecated !== undefined));
      };
      const before = inForce(all);
      const after = inForce([...all, layerOf('lowest', more)]);
      for (const [name, text] of before) {
        const now = String(after.get(name));
        if (now === text) continue;
        expect(now).toMatch(/ of lowest$/);
        expect(compareRevisions(shownRevision(now), shownRevision(String(text)))).toBeGreaterThan(0);
      }
      for (const [name, text] of after) if (!before.has(name)) expect(text).toMatch(/ of lowest$/);
    }),
  );
});

/** The revision of a text `<id> of <layer>`. */
function shownRevision(text: string): Revision {
  return layerOf('', [text.split(' of ')[0] as string]).revisions[0] as Revision;
}
