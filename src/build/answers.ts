import type { Precompute } from '../config.ts';
import type { Constraint } from '../core/constraint.ts';
import { composeFound } from '../core/compose.ts';
import type { ByteString } from '../tree/byte-string.ts';
import type { Answers, Columns, Cut, Profile, Runs, SpecRange } from '../core/columns.ts';
import { categoryFamily, findRevisions, matchCategory, namePositionOf } from '../core/find.ts';
import { EMPTY_QUERY } from '../core/query.ts';
import type { Query } from '../core/query.ts';
import {
  CATEGORIES,
  CATEGORIES_OF_TEMPLATES,
  categorySubject,
  clientKind,
  CONTENT_PACKAGES,
  CONTENT_TYPE,
  isInSomeHole,
  kibanaClass,
  kibanaClasses,
  packageSubject,
  placeAt,
  rangePosition,
  specRange,
  WHOLE_SEARCH,
} from '../core/precomputed.ts';
import { compareVersions, versionOf } from '../core/version.ts';
import type { Version } from '../core/version.ts';
import { bodyCollector } from './answer-bodies.ts';
import { interning } from './interning.ts';
import type { IndexFiles } from './index-files.ts';

/**
 * Answers what Kibana really asks, for every class of its versions and every range of spec versions, the most asked first:
 * `/search` and `/categories` plainly, packages of content, then by category, then by package. Equal answers are one. What the limits leave
 * out is composed when it is asked. `write` is given each different body once, with its SHA-256 in hex, in memory that
 * is used again for the next.
 */
export function precomputeAnswers(
  { columns, rows }: IndexFiles,
  precompute: Precompute,
  write: (digest: string, body: Buffer) => void,
): Answers {
  const cuts = cutsOf(columns.constraints);
  const specs = [...new Set(columns.profiles.map((profile) => profile.spec))].sort((a, b) =>
    compareVersions(versionOf(a), versionOf(b)),
  );
  const clients = clientKinds(specs, precompute);
  const find = finder(columns);
  const versions = representatives(columns.constraints, cuts);
  const bodies = bodyCollector(rows, precompute, write);
  const runs = interning<Runs>();
  const places: number[] = [];
  for (const { type, subjects } of subjectGroups(columns)) {
    const found = clients.kinds.map((kind) =>
      versions.map((kibana) => kibana !== null && find({ ...kind, type, kibana })),
    );
    const answers = subjects.map(({ query, select }) =>
      remembered((list: Found) => bodies.add(composeFound(columns, query, select(list)))),
    );
    for (const [kind, lists] of found.entries())
      for (const [i, { position }] of subjects.entries()) {
        const answer = answers[i] as (list: Found) => number;
        places[placeAt(columns, kind, position)] = runs.add(toRuns(lists.map((list) => (list ? answer(list) : -1))));
      }
  }
  return {
    ...cuts,
    specs,
    ranges: clients.ranges,
    digests: bodies.digests,
    bytes: bodies.lengths,
    runs: runs.all,
    places,
  };
}

/** The different ranges of spec versions, and a query for each kind of client. */
function clientKinds(
  specs: readonly string[],
  { specs: written }: Precompute,
): { ranges: SpecRange[]; kinds: readonly Query[] } {
  const ranges: SpecRange[] = [];
  const bounds: Pick<Query, 'specMin' | 'specMax'>[] = [];
  const versions = written.map(({ min, max }) => ({ specMin: versionOf(`${min}.0`), specMax: versionOf(`${max}.0`) }));
  for (const one of [{ specMin: undefined, specMax: undefined }, ...versions]) {
    const range = specRange(specs, one.specMin, one.specMax);
    if (rangePosition(ranges, range) >= 0) continue;
    ranges.push(range);
    bounds.push(one);
  }
  const kinds: Query[] = [];
  for (const prerelease of [false, true])
    for (const [i, one] of bounds.entries())
      kinds[clientKind(ranges, i, prerelease)] = { ...EMPTY_QUERY, ...one, prerelease };
  return { ranges, kinds };
}

/** The revisions that a client finds. */
interface Found {
  readonly all: readonly number[];
  /** By the position of their names. */
  readonly byName: ReadonlyMap<number, number>;
}

/** What a query finds. Equal lists are one, since many clients find the same. */
function finder(columns: Columns): (query: Query) => Found {
  const known = new Map<string, Found>();
  return (query) => {
    const all = findRevisions(columns, query);
    const key = all.join();
    const found = known.get(key) ?? { all, byName: new Map(all.map((i) => [namePositionOf(columns, i), i])) };
    known.set(key, found);
    return found;
  };
}

/** What questions are about, and what they take of the revisions that a client finds. */
interface Subject {
  readonly position: number;
  readonly query: Query;
  readonly select: (found: Found) => readonly number[];
}

/** Subjects that are about packages of the same type, '' for all. */
interface SubjectGroup {
  readonly type: ByteString;
  readonly subjects: readonly Subject[];
}

/** All subjects, those of the most asked questions in the first group. */
function subjectGroups(columns: Columns): SubjectGroup[] {
  const categories = { ...EMPTY_QUERY, endpoint: 'categories' } as const;
  const whole = [
    { position: WHOLE_SEARCH, query: EMPTY_QUERY, select: everything },
    { position: CATEGORIES, query: categories, select: everything },
    { position: CATEGORIES_OF_TEMPLATES, query: { ...categories, includePolicyTemplates: true }, select: everything },
  ];
  const byCategory = columns.categories.map(({ id }, i) => ({
    position: categorySubject(i),
    query: { ...EMPTY_QUERY, category: id },
    select: ofCategory(columns, id),
  }));
  const byName = columns.names.map((name, i) => ({
    position: packageSubject(columns, i),
    query: { ...EMPTY_QUERY, package: name },
    select: (found: Found) => {
      const revision = found.byName.get(i);
      return revision === undefined ? [] : [revision];
    },
  }));
  return [
    { type: EMPTY_QUERY.type, subjects: whole },
    {
      type: CONTENT_TYPE,
      subjects: [{ position: CONTENT_PACKAGES, query: { ...EMPTY_QUERY, type: CONTENT_TYPE }, select: everything }],
    },
    { type: EMPTY_QUERY.type, subjects: byCategory },
    { type: EMPTY_QUERY.type, subjects: byName },
  ];
}

function everything({ all }: Found): readonly number[] {
  return all;
}

function ofCategory(columns: Columns, category: ByteString): Subject['select'] {
  const family = categoryFamily(columns, category);
  const isMatch = columns.profiles.map((profile: Profile) => matchCategory(profile, family) !== undefined);
  return ({ all }) => all.filter((i) => isMatch[columns.revisions.profile[i] as number]);
}

/** The function, with what it gave kept by its argument. */
function remembered<Argument, Result>(make: (argument: Argument) => Result): (argument: Argument) => Result {
  const known = new Map<Argument, Result>();
  return (argument) => {
    const result = known.has(argument) ? (known.get(argument) as Result) : make(argument);
    known.set(argument, result);
    return result;
  };
}

/** Where some of the constraints begins or ceases to accept. */
export function cutsOf(constraints: readonly Constraint[]): Pick<Answers, 'releaseCuts' | 'prereleaseCuts'> {
  const collect = (kind: 'releases' | 'prereleases'): Cut[] => {
    const cuts = new Map<string, Cut>();
    for (const [low, lowIncluded, high, highIncluded] of constraints.flatMap((constraint) => constraint[kind])) {
      if (low !== '') cuts.set(`${low} ${1 - lowIncluded}`, [low, lowIncluded === 1 ? 0 : 1]);
      if (high !== '') cuts.set(`${high} ${highIncluded}`, [high, highIncluded]);
    }
    return [...cuts.values()].sort((a, b) => compareVersions(versionOf(a[0]), versionOf(b[0])) || a[1] - b[1]);
  };
  return { releaseCuts: collect('releases'), prereleaseCuts: collect('prereleases') };
}

/**
 * A version of each class, by class, that has the answers of the class: it lies in no hole. Null for a class without such a
 * version.
 */
export function representatives(
  constraints: readonly Constraint[],
  cuts: Pick<Answers, 'releaseCuts' | 'prereleaseCuts'>,
): (Version | undefined | null)[] {
  const inOrder = [
    versionOf('0.0.0'),
    ...cuts.releaseCuts.map(firstBehind),
    versionOf('0.0.0-0'),
    ...cuts.prereleaseCuts.map(firstBehind),
  ];
  const classes: (Version | undefined | null)[] = Array.from({ length: kibanaClasses(cuts) }, () => null);
  classes[kibanaClass(cuts, undefined)] = undefined;
  for (const first of inOrder) {
    const at = kibanaClass(cuts, first);
    const version = firstOutside(constraints, first);
    classes[at] = kibanaClass(cuts, version) === at ? version : null;
  }
  return classes;
}

/** The first version at or above a pre-release that is in no hole. A hole never has two neighbours. */
function firstOutside(constraints: readonly Constraint[], from: Version): Version {
  return isInSomeHole(constraints, from) ? firstOutside(constraints, nextPrerelease(from)) : from;
}

/** The lowest version after a cut, among the versions of its kind. */
function firstBehind([text, behind]: Cut): Version {
  const version = versionOf(text);
  if (behind === 0) return version;
  if (version.pre !== '') return nextPrerelease(version);
  return { ...version, patch: String(BigInt(version.patch) + 1n) };
}

/** The pre-release that follows another one in the order of versions. */
function nextPrerelease(version: Version): Version {
  return { ...version, pre: `${version.pre}.0` };
}

function toRuns(answers: readonly number[]): Runs {
  return answers.flatMap((answer, i) => (i > 0 && answers[i - 1] === answer ? [] : [i, answer]));
}
