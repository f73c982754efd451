import * as fc from 'fast-check';
import { compareRevisions } from '../../src/catalog/merge.ts';
import type { IndexedRevision, QueryFacts } from '../../src/build/index-files.ts';
import { layerOf } from './layers.ts';
import { revision } from './registry.ts';

/** Ids that often meet: few names, versions that differ in every part. */
export const id: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('a', 'a1', 'a_b', 'b'),
    fc.constantFrom('0', '1', '1', '10'),
    fc.constantFrom('0', '9', '10'),
    fc.constantFrom('', '', '', '-0', '-a', '-rc.2', '-rc.10', '+b', '+b-c', '-a+b'),
  )
  .map(([name, major, minor, rest]) => `${name}@${major}.${minor}.0${rest}`);

const some = (...words: string[]) => fc.subarray(words, { minLength: 1 });
const category = fc.constantFrom('security', 'iam', 'edr', 'web', 'odd');

const facts: fc.Arbitrary<Partial<QueryFacts>> = fc.record(
  {
    type: fc.constantFrom('integration', 'input', 'content'),
    spec: fc.constantFrom('1.0.0', '2.9.0', '3.0.0', '3.10.0'),
    kibana: fc.constantFrom(
      '^7.0.0',
      '^8.0.0',
      '>=7.9.0',
      '~8.1',
      '^7.0.0 || ^8.1.0',
      '>8.1.0-a',
      '!=8.0.0',
      '!=8.1-a',
      '!=8.1-a || 8.1.1-a',
      '*',
    ),
    agent: fc.constantFrom('^8.0.0', '>=8.1.0'),
    experimental: fc.constant(1 as const),
    capabilities: some('security', 'apm'),
    fields: some('x', 'y'),
    datasets: some('d', 'e'),
    categories: fc.uniqueArray(category, { minLength: 1, maxLength: 3 }),
    templates: fc.array(fc.uniqueArray(category, { maxLength: 2 }), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);

/** The revisions of an index, in the order of answers. */
export const revisions: fc.Arbitrary<IndexedRevision[]> = catalogOf(facts, 12);

/** The same, with many versions of each name, and few conditions on each. */
export const manyVersions: fc.Arbitrary<IndexedRevision[]> = catalogOf(
  fc
    .tuple(facts, fc.array(fc.nat(3), { minLength: 10, maxLength: 10 }))
    .map(([all, draws]) => Object.fromEntries(Object.entries(all).filter((_, i) => draws[i] === 0))),
  30,
);

function catalogOf(of: fc.Arbitrary<Partial<QueryFacts>>, maxLength: number): fc.Arbitrary<IndexedRevision[]> {
  return fc.uniqueArray(fc.tuple(id, of), { maxLength, selector: ([one]) => one }).map((all) => {
    const byId = new Map(all);
    const sorted = [...layerOf('one', [...byId.keys()]).revisions].sort(compareRevisions);
    return sorted.map((one) => revision(one.id, byId.get(one.id)));
  });
}

/** A name and a value; of a query no two have the same name. */
export type Parameter = readonly [name: string, value: string];

const kibanaVersion = fc.constantFrom(
  '7.9.0',
  '8',
  '8.0.0',
  '8.1.0',
  '8.1.0-a',
  '8.1.0-SNAPSHOT',
  '8.2.3',
  '9.0.0-0',
  '99',
);

/** Versions of Kibana on both sides of every bound that the constraints of revisions have, and on it. */
export const versionAtBounds: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('7.0', '7.9', '8.0', '8.1', '8.2', '9.0'),
    fc.nat(1),
    fc.constantFrom('', '', '', '-0', '-a', '-a.0', '-b'),
  )
  .map(([minor, patch, pre]) => `${minor}.${patch}${pre}`);

/** Conditions that each let fewer revisions through, before only the newest of each name stays. */
export const conditions: fc.Arbitrary<Parameter[]> = parameters({
  'kibana.version': kibanaVersion,
  'agent.version': fc.constantFrom('8.0.0', '8.2.0-a'),
  package: fc.constantFrom('a', 'a_b', 'none'),
  type: fc.constantFrom('integration', 'input', 'content'),
  capabilities: fc.constantFrom('security', 'apm,security', ','),
  discovery: fc.constantFrom('fields:x', 'fields:x,y', 'datasets:d', 'datasets:'),
  'spec.min': fc.constantFrom('2.9', '3.0'),
  'spec.max': fc.constantFrom('2.9', '3.0', '3.0-rc1'),
});

/** What decides how much of each name is shown. */
export const flags: fc.Arbitrary<Parameter[]> = parameters({
  prerelease: fc.constantFrom('true', 'false'),
  experimental: fc.constantFrom('true', 'false', 'false'),
  all: fc.constantFrom('true', 'false'),
});

export const categoryName = category;

function parameters(values: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<Parameter[]> {
  return fc.record(values, { requiredKeys: [] }).map((found) => Object.entries(found) as Parameter[]);
}
