import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictVersion, compareRevisionVersions } from '../../src/core/version.ts';
import type { Version } from '../../src/core/version.ts';
import { isInSomeHole, kibanaClass, precomputedAnswer } from '../../src/core/precomputed.ts';
import { answerName } from '../../src/build/answer-bodies.ts';
import { precomputeAnswers } from '../../src/build/answers.ts';
import type { IndexedRevision } from '../../src/build/index-files.ts';
import { categoryName, conditions, flags, revisions, versionAtBounds } from '../support/arbitraries.ts';
import type { Parameter } from '../support/arbitraries.ts';
import { bodyOf, counts, indexOf, queryOf, revision, search } from '../support/registry.ts';

const EVERYTHING = 'all=true&prerelease=true';
const runs = { numRuns: 500 };

const raw = (...parameters: readonly (readonly Parameter[])[]) =>
  parameters
    .flat()
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
/** A variant's row is the revision's, with fewer policy templates. */
const ids = (rows: readonly string[]) => rows.map((row) => row.replace(/ for .*/, ''));
const nameOf = (id: string) => id.split('@')[0] as string;
const versionOf = (id: string) => parseStrictVersion(id.split('@')[1] as string) as Version;
/** Flags without one of them. */
const without = (parameters: readonly Parameter[], ...names: string[]) =>
  parameters.filter(([name]) => !names.includes(name));

/** The last id of each name. */
function newestOf(all: readonly string[]): string[] {
  return all.filter((id, i) => i + 1 === all.length || nameOf(all[i + 1] as string) !== nameOf(id));
}

describe('an answer', () => {
  test('is a part of all there is, in the same order', () => {
    fc.assert(
      fc.property(revisions, conditions, flags, fc.option(categoryName), (all, where, shown, category) => {
        const index = indexOf(...all);
        const everything = search(index, EVERYTHING);
        expect(everything).toEqual(all.map(({ name, version }) => `${name}@${version}`));
        const found = ids(search(index, raw(where, shown, category === null ? [] : [['category', category]])));
        expect(everything.filter((id) => found.includes(id))).toEqual(found);
      }),
      runs,
    );
  });

  test('without all has the newest of each name that is among all', () => {
    fc.assert(
      fc.property(revisions, conditions, flags, (all, where, shown) => {
        const index = indexOf(...all);
        const rest = without(shown, 'all', 'experimental');
        expect(search(index, raw(where, rest))).toEqual(newestOf(search(index, raw(where, rest, [['all', 'true']]))));
      }),
      runs,
    );
  });

  test('for a category is what is found without it, as far as the category goes', () => {
    fc.assert(
      fc.property(revisions, conditions, flags, categoryName, (all, where, shown, category) => {
        const index = indexOf(...all);
        const found = search(index, raw(where, shown));
        const ofCategory = search(
          index,
          raw(
            [['category', category]],
            [
              ['all', 'true'],
              ['prerelease', 'true'],
            ],
          ),
        );
        const expected = ofCategory.filter((row) => found.includes(ids([row])[0] as string));
        expect(search(index, raw(where, shown, [['category', category]]))).toEqual(expected);
      }),
      runs,
    );
  });

  test('counts a category as often as packages that list it are found', () => {
    fc.assert(
      fc.property(revisions, conditions, flags, (all, where, shown) => {
        const index = indexOf(...all);
        // The endpoint knows neither name nor type nor all.
        const query = raw(without(where, 'package', 'type'), without(shown, 'all'));
        const found = new Set(search(index, query));
        const listed = all
          .filter(({ name, version }) => found.has(`${name}@${version}`))
          .flatMap(({ facts }) => facts.categories ?? []);
        const expected: Record<string, number> = {};
        for (const category of listed) expected[category] = (expected[category] ?? 0) + 1;
        expect(counts(index, query)).toEqual(expected);
        const withTemplates = counts(index, `${query}&include_policy_templates=true`);
        for (const [category, count] of Object.entries(expected))
          expect(withTemplates[category]).toBeGreaterThanOrEqual(count);
      }),
      runs,
    );
  });
});

describe('narrowing a query', () => {
  /** A query, and one with more conditions or without prereleases; both without their flags for all and experimental. */
  const narrowing = fc
    .tuple(revisions, conditions, conditions, fc.constantFrom('11', '10', '00'))
    .map(([all, one, more, prereleases]) => {
      const wide = without(one, ...more.map(([name]) => name));
      return {
        index: indexOf(...all),
        wide: raw(wide, [['prerelease', prereleases.charAt(0)]]),
        narrow: raw(wide, more, [['prerelease', prereleases.charAt(1)]]),
      };
    });

  test('with all never adds a revision', () => {
    fc.assert(
      fc.property(narrowing, ({ index, wide, narrow }) => {
        const found = search(index, `${wide}&all=true`);
        for (const id of search(index, `${narrow}&all=true`)) expect(found).toContain(id);
      }),
      runs,
    );
  });

  test('without all adds a revision only in the place of a newer one of its name that it refuses', () => {
    fc.assert(
      fc.property(narrowing, ({ index, wide, narrow }) => {
        const before = search(index, wide);
        const allowed = search(index, `${narrow}&all=true`);
        for (const id of search(index, narrow)) {
          const was = before.find((other) => nameOf(other) === nameOf(id));
          expect(was, `${id} is of a name that was not found`).toBeDefined();
          if (was === undefined || was === id) continue;
          expect(compareRevisionVersions(versionOf(was), versionOf(id))).toBe(1);
          expect(allowed).not.toContain(was);
        }
      }),
      runs,
    );
  });

  test('by a category never adds one', () => {
    fc.assert(
      fc.property(revisions, conditions, flags, categoryName, (all, where, shown, category) => {
        const index = indexOf(...all);
        const found = search(index, raw(where, shown));
        for (const id of ids(search(index, raw(where, shown, [['category', category]])))) expect(found).toContain(id);
      }),
      runs,
    );
  });

  test('for old clients never finds a name that was not found', () => {
    fc.assert(
      fc.property(narrowing, ({ index, wide, narrow }) => {
        const old = (query: string) => search(index, `experimental=true&${query}`);
        const names = new Set(old(wide).map(nameOf));
        for (const id of old(narrow)) expect(names).toContain(nameOf(id));
      }),
      runs,
    );
  });
});

describe('a query', () => {
  const shuffled = fc
    .tuple(conditions, flags)
    .map((parts) => parts.flat())
    .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));

  test('is the same whatever the order of its parameters', () => {
    fc.assert(
      fc.property(shuffled, fc.constantFrom('search', 'categories'), ([list, other], endpoint) => {
        expect(queryOf(endpoint, raw(other))).toEqual(queryOf(endpoint, raw(list)));
      }),
      runs,
    );
  });

  test('is the same with parameters that no one knows, empty ones, and later ones of a name', () => {
    fc.assert(
      fc.property(conditions, flags, (where, shown) => {
        const query = raw(where, shown);
        const first = queryOf('search', query);
        expect(queryOf('search', `unknown=1&${query}&internal=true&x`)).toEqual(first);
        const again = where.filter(([name]) => name !== 'discovery').map(([name]): Parameter => [name, 'other']);
        expect(queryOf('search', `${query}&${raw(again)}`)).toEqual(first);
        expect(queryOf('search', `${query}&category=`)).toEqual(first);
      }),
      runs,
    );
  });
});

describe('an index', () => {
  test('is the same when it is built again', () => {
    fc.assert(
      fc.property(revisions, (all) => {
        const [one, two] = [indexOf(...all), indexOf(...structuredClone(all))];
        expect(two.build).toBe(one.build);
        expect(two.rows.equals(one.rows)).toBe(true);
        expect(JSON.stringify(two.columns)).toBe(JSON.stringify(one.columns));
      }),
    );
  });

  test('has another build id where its revisions differ', () => {
    fc.assert(
      fc.property(revisions, revisions, (all, others) => {
        const [one, two] = [indexOf(...all), indexOf(...others)];
        const isSame = JSON.stringify([one.columns, one.rows]) === JSON.stringify([two.columns, two.rows]);
        expect(one.build === two.build).toBe(isSame);
      }),
    );
  });
});

const precomputed = (all: readonly IndexedRevision[]) => {
  const index = indexOf(...all);
  const bodies = new Map<string, Buffer>();
  const specs = [
    { min: '2.9', max: '3.0' },
    { min: '3.0', max: '3.0' },
    { min: '3.0', max: '2.9' },
  ];
  const answers = precomputeAnswers(
    index,
    { answers: 10_000, bytes: 2 ** 30, specs },
    (digest, body) => void bodies.set(answerName(digest), Buffer.from(body)),
  );
  return { bodies, index: { ...index, columns: { ...index.columns, answers } } };
};

describe('precomputed answers', () => {
  const asked = fc.record({
    endpoint: fc.constantFrom('search' as const, 'categories' as const),
    where: fc
      .tuple(conditions, flags, fc.option(categoryName, { freq: 2 }))
      .map(([one, shown, category]): Parameter[] =>
        without(one, 'agent.version', 'capabilities', 'discovery', 'kibana.version').concat(
          without(shown, 'all', 'experimental'),
          category === null ? [] : [['category', category]],
        ),
      ),
  });

  test('are those that the index gives', () => {
    let hits = 0;
    fc.assert(
      fc.property(
        revisions,
        fc.array(fc.tuple(asked, fc.option(versionAtBounds)), { minLength: 10 }),
        (all, questions) => {
          const { bodies, index } = precomputed(all);
          for (const [{ endpoint, where }, kibana] of questions) {
            const query = raw(where, kibana === null ? [] : [['kibana.version', kibana]]);
            const found = precomputedAnswer(index.columns, queryOf(endpoint, query));
            if (!found) continue;
            hits++;
            expect(bodies.get(found.digest)?.toString('latin1'), query).toBe(bodyOf(index, endpoint, query));
            expect(found.bytes).toBe(bodies.get(found.digest)?.length);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(hits).toBeGreaterThan(1000);
  });

  test.each([
    '!=8.1-a, >0-0',
    '!=8.1-a || 8.1.1-a',
    '>=8.1.0-a, !=8.1-a',
    '<=8.1.1-a, !=8.1-a, !=8.1-a.0',
    '8.1.0-a, !=8.1-a',
  ])('are right beside the holes of %j', (kibana) => {
    const { bodies, index } = precomputed([revision('a@1.0.0'), revision('a@2.0.0', { kibana })]);
    const versions = ['8.0', '8.1', '8.2'].flatMap((minor) =>
      [0, 1, 2].flatMap((patch) => ['', '-0', '-a', '-a.0', '-a.0.0', '-b'].map((pre) => `${minor}.${patch}${pre}`)),
    );
    const found = versions.flatMap((version) => {
      const answer = precomputedAnswer(index.columns, queryOf('search', `kibana.version=${version}`));
      return answer ? [[version, bodies.get(answer.digest)?.toString('latin1')]] : [];
    });
    expect(found).toEqual(found.map(([version]) => [version, bodyOf(index, 'search', `kibana.version=${version}`)]));
    expect(found.length).toBeGreaterThan(versions.length - 9);
  });

  test('are the same for two Kibana versions of a class, but for those in a hole, and so are the bytes of any answer', () => {
    fc.assert(
      fc.property(
        revisions,
        asked,
        fc.array(versionAtBounds, { minLength: 10 }),
        (all, { endpoint, where }, versions) => {
          const { index } = precomputed(all);
          const byClass = new Map<number, string>();
          for (const kibana of versions) {
            const query = queryOf(endpoint, raw(where, [['kibana.version', kibana]]));
            if (query.kibana && isInSomeHole(index.columns.constraints, query.kibana)) continue;
            const at = kibanaClass(index.columns.answers, query.kibana);
            const body = bodyOf(index, endpoint, raw(where, [['kibana.version', kibana]]));
            expect(body, kibana).toBe(byClass.get(at) ?? body);
            byClass.set(at, body);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
