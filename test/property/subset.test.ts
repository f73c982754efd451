import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KibanaClient, Subset } from '../../src/config.ts';
import { deprecationOf } from '../../src/build/entry.ts';
import type { IndexedRevision } from '../../src/build/index-files.ts';
import { compareRevisionVersions, parseStrictVersion } from '../../src/core/version.ts';
import { chooseRevisions } from '../../src/subset/choose.ts';
import type { Choosable, Choice } from '../../src/subset/choose.ts';
import { categoryName, manyVersions as revisions } from '../support/arbitraries.ts';
import { bodyOf, indexOf, search } from '../support/registry.ts';

/* The Kibanas of a subset notice nothing of what is left out. */

const capabilities = fc.subarray(['security', 'apm', 'none'], { minLength: 1 });
const spec = fc.constantFrom({ min: '2.3', max: '2.9' }, { min: '2.9', max: '3.0' }, { min: '3.0', max: '3.10' });
const client: fc.Arbitrary<KibanaClient> = fc.record({
  kibana: fc.constantFrom('7.9.0', '7.17.0', '8.0.0', '8.1.0', '8.1.0-a', '8.1.0-SNAPSHOT', '8.2.3', '9.0.0-0'),
  prerelease: fc.boolean(),
  spec: fc.option(spec, { nil: undefined }),
  capabilities: fc.option(capabilities, { nil: undefined }),
});
const clients = fc.array(client, { minLength: 1, maxLength: 3 });

const subsetOf = (of: readonly KibanaClient[], keep: Partial<Subset> = {}): Subset => {
  return { name: 'field', from: 'all', clients: of, previous: 0, installed: undefined, requires: false, ...keep };
};

/** Some revisions are deprecated, and some require others. */
const extras = fc.record({
  isDeprecated: fc.func(fc.boolean()),
  required: fc.func(
    fc.array(
      fc.record({ package: fc.constantFrom('a', 'b', 'c'), version: fc.constantFrom('', '^1.0.0', '>=0.9.0-0') }),
      {
        maxLength: 1,
      },
    ),
  ),
});

const idOf = ({ name, version }: Pick<IndexedRevision, 'name' | 'version'>): string => `${name}@${version}`;

/** The revisions as a site shows them, with the deprecation in force among `whole`. */
function shown(
  own: readonly IndexedRevision[],
  whole: readonly IndexedRevision[],
  isDeprecated: (id: string) => boolean,
): IndexedRevision[] {
  return own.map((one) => {
    const named = whole.filter(({ name }) => name === one.name);
    const deprecated = deprecationOf(
      named.map((other) => ({ deprecated: isDeprecated(idOf(other)) ? idOf(other) : undefined })),
    );
    const mark = (row: string) => `${row} deprecated by ${String(deprecated)}`;
    return { ...one, row: mark(one.row), variants: one.variants.map(([id, row]) => [id, mark(row)] as const) };
  });
}

const choosable = (all: readonly IndexedRevision[], required: (id: string) => Choosable['requires'] = () => []) =>
  all.map((one): Choosable => ({ ...one, requires: required(idOf(one)) }));

const keptOf = <T>(all: readonly T[], { kept }: Choice): T[] => all.filter((_, i) => kept.has(i));

/** A request of one of the Kibanas. */
const requestOf = (of: readonly KibanaClient[]): fc.Arbitrary<readonly ['search' | 'categories', string]> =>
  fc
    .record({
      who: fc.nat(of.length - 1),
      prerelease: fc.constantFrom(undefined, 'true', 'false'),
      hasSpec: fc.boolean(),
      hasCapabilities: fc.boolean(),
      isOld: fc.integer({ min: 0, max: 7 }).map((one) => one === 0),
      endpoint: fc.constantFrom('search' as const, 'categories' as const),
      about: fc.record(
        {
          category: categoryName,
          package: fc.constantFrom('a', 'a1', 'a_b', 'b', 'none'),
          type: fc.constantFrom('integration', 'input', 'content', 'none'),
          include_policy_templates: fc.constantFrom('true', 'false'),
        },
        { requiredKeys: [] },
      ),
    })
    .map(({ who, prerelease, hasSpec, hasCapabilities, isOld, endpoint, about }) => {
      const { kibana, prerelease: may, spec: range, capabilities: list } = of[who] as KibanaClient;
      const parts = [
        `kibana.version=${kibana}`,
        ...(prerelease !== undefined && (may || prerelease === 'false') ? [`prerelease=${prerelease}`] : []),
        ...(range && hasSpec ? [`spec.min=${range.min}&spec.max=${range.max}`] : []),
        ...(list && hasCapabilities ? [`capabilities=${list.join(',')}`] : []),
        ...(isOld ? ['experimental=true'] : []),
        ...Object.entries(about).map(([name, value]) => `${name}=${value}`),
      ];
      return [endpoint, parts.join('&')] as const;
    });

const cases = clients.chain((of) =>
  fc.record({ of: fc.constant(of), requests: fc.array(requestOf(of), { minLength: 1, maxLength: 20 }) }),
);
const runs = { numRuns: 150 };

describe('a subset', () => {
  test('answers every request of its Kibanas as the whole does, whatever else stays', () => {
    const keep = fc.record({ previous: fc.nat(2), requires: fc.boolean() });
    fc.assert(
      fc.property(revisions, cases, extras, keep, (all, { of, requests }, { isDeprecated, required }, how) => {
        const choice = chooseRevisions(choosable(all, required), subsetOf(of, how));
        const part = keptOf(all, choice);
        const whole = indexOf(...shown(all, all, isDeprecated));
        const less = indexOf(...shown(part, all, isDeprecated));
        for (const [endpoint, raw] of requests)
          expect([raw, bodyOf(less, endpoint, raw)]).toEqual([raw, bodyOf(whole, endpoint, raw)]);
      }),
      runs,
    );
  });

  test('has nothing that none of its Kibanas finds, unless it is to be kept', () => {
    fc.assert(
      fc.property(revisions, clients, (all, of) => {
        const part = keptOf(all, chooseRevisions(choosable(all), subsetOf(of))).map(idOf);
        const whole = indexOf(...all);
        const found = new Set(
          of.flatMap(({ kibana, prerelease, spec: range, capabilities: list }) =>
            ['', ...(prerelease ? ['&prerelease=true'] : []), '&experimental=true'].flatMap((a) =>
              ['', ...(range ? [`&spec.min=${range.min}&spec.max=${range.max}`] : [])].flatMap((b) =>
                ['', ...(list ? [`&capabilities=${list.join(',')}`] : [])].flatMap((c) =>
                  ['', '&type=integration', '&type=input', '&type=content'].flatMap((d) =>
                    search(whole, `kibana.version=${kibana}${a}${b}${c}${d}`),
                  ),
                ),
              ),
            ),
          ),
        );
        expect(part.filter((id) => !found.has(id))).toEqual([]);
      }),
      runs,
    );
  });

  test('keeps the versions before those that a Kibana finds: what it finds once those and all newer ones are gone', () => {
    fc.assert(
      fc.property(revisions, client, fc.integer({ min: 1, max: 3 }), (all, one, previous) => {
        const part = new Set(keptOf(all, chooseRevisions(choosable(all), subsetOf([one], { previous }))).map(idOf));
        let rest: readonly IndexedRevision[] = all;
        for (let turn = 0; turn <= previous; turn++) {
          const found = search(indexOf(...rest), `kibana.version=${one.kibana}`);
          expect(found.filter((id) => !part.has(id))).toEqual([]);
          rest = rest.filter((other) => !found.some((id) => isNoOlder(other, id)));
        }
      }),
      runs,
    );
  });

  test('keeps what is installed, and what those that stay require, as far as it is there', () => {
    const names = fc.subarray(['a@1.0.0', 'a@0.0.0', 'a1@1.9.0', 'b@10.10.0', 'c@1.0.0']);
    fc.assert(
      fc.property(revisions, clients, names, extras, (all, of, ids, { required }) => {
        const packages = ids.map((id) => ({ name: id.split('@')[0] as string, version: id.split('@')[1] as string }));
        const installed = { file: 'installed.json', packages };
        const choice = chooseRevisions(choosable(all, required), subsetOf(of, { installed, requires: true }));
        const part = keptOf(all, choice);
        const there = new Set(all.map(idOf));
        const kept = new Set(part.map(idOf));
        expect(ids.filter((id) => there.has(id) && !kept.has(id))).toEqual([]);
        const missing = ids.filter((id) => !there.has(id)).length;
        expect(choice.findings.filter(({ code }) => code === 'installed')).toHaveLength(missing);
        for (const one of part)
          for (const { package: name, version } of required(idOf(one))) {
            const meets = (other: IndexedRevision) => other.name === name && isIn(other.version, version);
            expect(part.some(meets)).toBe(all.some(meets));
          }
      }),
      runs,
    );
  });

  test('of a subset answers as that one does', () => {
    fc.assert(
      fc.property(revisions, clients, cases, (all, of, { of: fewer, requests }) => {
        const part = keptOf(all, chooseRevisions(choosable(all), subsetOf(of)));
        const less = keptOf(part, chooseRevisions(choosable(part), subsetOf(fewer)));
        for (const [endpoint, raw] of requests)
          expect(bodyOf(indexOf(...less), endpoint, raw)).toBe(bodyOf(indexOf(...part), endpoint, raw));
      }),
      runs,
    );
  });
});

function isNoOlder(one: IndexedRevision, id: string): boolean {
  const [name, version = ''] = id.split('@');
  const [own, other] = [parseStrictVersion(one.version), parseStrictVersion(version)];
  return one.name === name && own !== undefined && other !== undefined && compareRevisionVersions(own, other) >= 0;
}

/** Whether a version is in one of the ranges that `extras` uses. */
function isIn(version: string, range: string): boolean {
  const { major, minor, pre } = parseStrictVersion(version) ?? { major: '', minor: '', pre: '' };
  if (range === '^1.0.0') return major === '1' && pre === '';
  return range === '' || Number(major) > 0 || Number(minor) >= 9;
}
