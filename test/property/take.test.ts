import * as fc from 'fast-check';
import semver from 'semver';
import { describe, expect, test } from 'vitest';
import type { TakeLine } from '../../src/config.ts';
import { summaryReader } from '../../src/mirror/summary.ts';
import { takeRule } from '../../src/mirror/take.ts';
import type { Listed } from '../../src/mirror/mirroring.ts';
import { revisionId } from '../../src/storage/storage.ts';
import type { IndexedRevision } from '../../src/build/index-files.ts';
import { revisions } from '../support/arbitraries.ts';
import { CATEGORIES, indexOf, queryOf, search } from '../support/registry.ts';
import { compareVersions, versionOf } from '../../src/core/version.ts';

/* A line of `take` takes what `/search` with these parameters finds. */

const runs = { numRuns: 300 };
const RANGES = ['1.0-2.9', '2.9-3.0', '3.0-3.10'];

/** A revision as a registry lists it: with a summary, and the ranges of spec versions in which it lists it. */
function listedOf({ name, version, facts }: IndexedRevision): Listed {
  const conditions = {
    ...(facts.kibana !== undefined && { kibana: { version: facts.kibana } }),
    ...(facts.capabilities && { elastic: { capabilities: facts.capabilities } }),
  };
  const ranges = RANGES.filter((range) => {
    const { specMin, specMax } = queryOf('search', `spec.min=${range.replace('-', '&spec.max=')}`);
    const spec = versionOf(facts.spec);
    return specMin && specMax && compareVersions(spec, specMin) >= 0 && compareVersions(spec, specMax) <= 0;
  });
  const summary = {
    name,
    version,
    release: facts.experimental ? 'experimental' : 'ga',
    type: facts.type,
    ...(Object.keys(conditions).length > 0 && { conditions }),
    ...(facts.categories && { categories: facts.categories }),
    ...(facts.templates && { policy_templates: facts.templates.map((categories) => ({ categories })) }),
  };
  return {
    id: revisionId(name, version),
    name,
    version,
    isSigned: false,
    ranges,
    facts: summaryReader().factsOf(summary),
  };
}

const everyKey: fc.Arbitrary<Required<Omit<TakeLine, 'versions'>>> = fc.record({
  kibana: fc.constantFrom('7.9.0', '8', '8.1.0', '8.1.0-a', '9.0.0-0', '99'),
  prerelease: fc.boolean(),
  experimental: fc.constantFrom(true, false, false),
  all: fc.boolean(),
  capabilities: fc.subarray(['security', 'apm'], { minLength: 1 }),
  spec: fc.constantFrom(...RANGES).map((range) => ({ min: range.split('-')[0] ?? '', max: range.split('-')[1] ?? '' })),
  category: fc.constantFrom('security', 'iam', 'edr', 'web', 'odd'),
  type: fc.constantFrom('integration', 'integration', 'input', 'content'),
  package: fc.constantFrom('a', 'a', 'a_b', 'none'),
});
const KEYS = ['kibana', 'prerelease', 'experimental', 'all', 'capabilities', 'spec', 'category', 'type', 'package'];
/** With few keys, so that it finds something. */
const line: fc.Arbitrary<TakeLine> = fc
  .tuple(everyKey, fc.subarray(KEYS, { maxLength: 3 }))
  .map(([all, keys]) => Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key))));

function requestOf({ kibana, capabilities, spec, ...rest }: TakeLine): string {
  const parameters = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  if (kibana !== undefined) parameters.push(`kibana.version=${kibana}`);
  if (capabilities) parameters.push(`capabilities=${capabilities.join(',')}`);
  if (spec) parameters.push(`spec.min=${spec.min}`, `spec.max=${spec.max}`);
  return parameters.join('&');
}

const found = (all: readonly IndexedRevision[], one: TakeLine): string[] =>
  search(indexOf(...all), requestOf(one)).map((row) => row.replace(/ for .*/, ''));

async function taken(all: readonly IndexedRevision[], lines: readonly TakeLine[] | undefined): Promise<string[]> {
  const rule = await takeRule(lines, CATEGORIES);
  return rule(all.map(listedOf)).revisions.map(({ id }) => id);
}

describe('what is taken', () => {
  test('by a line is what a search with these parameters finds', async () => {
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(revisions, line, async (all, one) => {
        const expected = found(all, one);
        hits += expected.length;
        expect(await taken(all, [one])).toEqual(expected);
      }),
      runs,
    );
    expect(hits).toBeGreaterThan(50);
  });

  test('by several lines is what one of them takes, in whatever order the list is', async () => {
    await fc.assert(
      fc.asyncProperty(
        revisions.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        fc.array(line, { minLength: 1, maxLength: 4 }),
        async ([all, shuffled], lines) => {
          const expected = new Set(lines.flatMap((one) => found(all, one)));
          const rule = await takeRule(lines, CATEGORIES);
          const { revisions: got, idle } = rule(shuffled.map(listedOf));
          expect(new Set(got.map(({ id }) => id))).toEqual(expected);
          expect(idle).toEqual(lines.flatMap((one, i) => (found(all, one).length === 0 ? i : [])));
        },
      ),
      runs,
    );
  });

  test('without lines is everything', async () => {
    await fc.assert(
      fc.asyncProperty(revisions, async (all) => {
        expect(await taken(all, undefined)).toEqual(all.map(({ name, version }) => `${name}@${version}`));
      }),
    );
  });

  test('by a range of versions is what semver has in it, of what the rest of the line allows', async () => {
    const range = fc.constantFrom(
      '>=0.9.0',
      '1.x || 10',
      '^1.9.0',
      '1.0.0-a',
      '<10.0.0 >0.0.0',
      '>=1.0.0-rc.2 <1.1',
      '*',
    );
    await fc.assert(
      fc.asyncProperty(revisions, line, range, async (all, one, versions) => {
        const asked = { ...one, package: 'a', experimental: false };
        const allowed = found(all, { ...asked, prerelease: true, all: true });
        const options = { includePrerelease: one.prerelease ?? false };
        const expected = allowed.filter((id) => semver.satisfies(id.split('@')[1] ?? '', versions, options));
        expect(await taken(all, [{ ...asked, versions }])).toEqual(expected);
      }),
      runs,
    );
  });
});

describe('a hostile summary', () => {
  const odd = fc.anything({ withNullPrototype: true, maxDepth: 3 });
  const summary = fc.dictionary(
    fc.constantFrom('release', 'type', 'conditions', 'categories', 'policy_templates', '__proto__', 'toString'),
    odd,
  );
  test('harms nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(summary, { maxLength: 5 }), line, async (summaries, one) => {
        const list = summaries.map((each, i): Listed => {
          const version = `1.0.${i}`;
          const facts = summaryReader().factsOf(each);
          return { id: revisionId('a', version), name: 'a', version, isSigned: false, ranges: [], facts };
        });
        const rule = await takeRule([one], CATEGORIES);
        for (const { name } of rule(list).revisions) expect(name).toBe('a');
      }),
      runs,
    );
  });
});
