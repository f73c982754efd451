import { describe, expect, test } from 'vitest';
import { mergeLayers } from '../../src/catalog/merge.ts';
import { keysOf, planSite } from '../../src/build/plan.ts';
import type { Plan } from '../../src/build/plan.ts';
import type { Revision } from '../../src/storage/storage.ts';
import { layerOf } from '../support/layers.ts';

/** Thirty packages of one revision each, but for those that are given in place of one. */
function catalogOf(changes: Readonly<Record<string, readonly string[]>> = {}): {
  readonly revisions: readonly Revision[];
} {
  const names = Array.from({ length: 30 }, (_, i) => `p${String(i).padStart(2, '0')}`);
  const ids = [...new Set([...names, ...Object.keys(changes)])].flatMap((name) => changes[name] ?? [`${name}@1.0.0`]);
  return { revisions: mergeLayers([layerOf('one', ids)]).revisions };
}

const before = keysOf(catalogOf());

function summary(plan: Plan): unknown {
  if (plan.kind !== 'extend') return plan.kind;
  const made = plan.packages.flatMap((one) => (one.kind === 'made' ? one.revisions : [])).map(({ id }) => id);
  return {
    made,
    kept: plan.packages.filter(({ kind }) => kind === 'kept').length,
    placed: plan.placed.map(({ id }) => id),
  };
}

describe('the plan of a site', () => {
  test('is to write all where nothing is known', () => {
    expect(planSite(catalogOf(), undefined)).toEqual({ kind: 'write' });
  });

  test('is to do nothing where nothing changed', () => {
    expect(planSite(catalogOf(), before)).toEqual({ kind: 'unchanged' });
  });

  test('is to make the package that has a new revision, whose older one is in its place', () => {
    const revisions = catalogOf({ p07: ['p07@1.0.0', 'p07@1.1.0'] });
    expect(summary(planSite(revisions, before))).toEqual({
      made: ['p07@1.0.0', 'p07@1.1.0'],
      kept: 29,
      placed: ['p07@1.0.0'],
    });
  });

  test('is to make the package that lost a revision', () => {
    const both = keysOf(catalogOf({ p07: ['p07@1.0.0', 'p07@1.1.0'] }));
    expect(summary(planSite(catalogOf(), both))).toEqual({ made: ['p07@1.0.0'], kept: 29, placed: ['p07@1.0.0'] });
  });

  test('is to keep the others where a package is gone', () => {
    expect(summary(planSite(catalogOf({ p07: [] }), before))).toEqual({ made: [], kept: 29, placed: [] });
  });

  test.each(['source', 'signature', 'zipped'] as const)('is to make the package whose %s changed', (member) => {
    const value = member === 'zipped' ? true : 'another';
    const change = (one: Revision): Revision => ({ ...one, [member]: value });
    const revisions = catalogOf().revisions.map((one) => (one.id === 'p07@1.0.0' ? change(one) : one));
    expect(summary(planSite({ revisions }, before))).toEqual({ made: ['p07@1.0.0'], kept: 29, placed: [] });
  });

  test('is to make the package that shows another deprecation of a revision that is left out', () => {
    const shown = (description: string) => ({ ...catalogOf(), deprecations: new Map([['p07', { description }]]) });
    const placed = { made: ['p07@1.0.0'], kept: 29, placed: ['p07@1.0.0'] };
    expect(summary(planSite(shown('old'), before))).toEqual(placed);
    expect(summary(planSite(shown('new'), keysOf(shown('old'))))).toEqual(placed);
    expect(summary(planSite(catalogOf(), keysOf(shown('old'))))).toEqual(placed);
    expect(planSite(shown('old'), keysOf(shown('old')))).toEqual({ kind: 'unchanged' });
  });

  test('is to write all where much changed', () => {
    const gone = Object.fromEntries(['p01', 'p02', 'p03', 'p04'].map((name) => [name, []]));
    expect(planSite(catalogOf(gone), before)).toEqual({ kind: 'write' });
  });
});
