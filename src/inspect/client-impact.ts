import type { Constraint } from '../core/constraint.ts';
import type { Columns, Cut, Profile } from '../core/columns.ts';
import { findRevisions, namePosition } from '../core/find.ts';
import { kibanaClass } from '../core/precomputed.ts';
import { versionOf } from '../core/version.ts';
import type { Version } from '../core/version.ts';
import { EMPTY_QUERY } from '../core/query.ts';
import type { Query } from '../core/query.ts';
import { toByteString } from '../tree/text.ts';
import { cutsOf, representatives } from '../build/answers.ts';

/*
 * What clients notice of a change: the packages whose newest version is another one, for each class of Kibana versions.
 * The constraints of a package, before and after the change, cut the line of Kibana versions into classes. Neighbouring
 * classes that notice the same are joined to one stretch.
 */

/** The newest version of a package changes for these clients. */
export interface Noticed {
  readonly package: string;
  /** Undefined if clients found no version of it. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly clients: Clients;
}

export interface Clients {
  /** Whether they ask for pre-releases of packages, don't ask for them, or notice the same either way. */
  readonly prerelease: 'yes' | 'no' | 'any';
  /**
   * Their versions of Kibana: stretches such as `>=8.3.0 <8.5.0` or `pre-releases >=8.0.0-0`, `none` for no version, or
   * `any`.
   */
  readonly kibana: readonly string[];
}

/** The columns of one side of the comparison that decide about the newest version. */
export type NoticedColumns = Pick<Columns, 'names' | 'constraints' | 'profiles' | 'revisions'>;

/** What clients notice of these packages, by package. Each side may hold a package or not. */
export function noticed(before: NoticedColumns, after: NoticedColumns, names: readonly string[]): Noticed[] {
  return names.flatMap((name) => {
    const plain = changesOf(before, after, { name, prerelease: false });
    const withPrereleases = changesOf(before, after, { name, prerelease: true });
    const both = plain.filter((one) => withPrereleases.some((other) => isSame(one, other)));
    const only = (changes: readonly NewestChange[], prerelease: 'yes' | 'no'): Noticed[] =>
      changes.filter((one) => !both.some((other) => isSame(one, other))).map((one) => toNoticed(name, one, prerelease));
    return [...both.map((one) => toNoticed(name, one, 'any')), ...only(plain, 'no'), ...only(withPrereleases, 'yes')];
  });
}

/** The newest version that some clients find, on both sides of the comparison. */
interface NewestChange {
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly kibana: string[];
}

function changesOf(
  before: NoticedColumns,
  after: NoticedColumns,
  asked: { readonly name: string; readonly prerelease: boolean },
): NewestChange[] {
  const constraints = [...constraintsOf(before, asked.name), ...constraintsOf(after, asked.name)];
  const cuts = cutsOf(constraints);
  const versions = representatives(constraints, cuts);
  const pairOf = (kibana: Version | undefined): Pair => {
    return { before: newest(before, { ...asked, kibana }), after: newest(after, { ...asked, kibana }) };
  };
  const releases = 1 + cuts.releaseCuts.length;
  const kinds = [
    { label: '', first: 1, cuts: cuts.releaseCuts },
    { label: 'pre-releases ', first: 1 + releases, cuts: cuts.prereleaseCuts },
  ];
  const newestAt = versions.map((kibana) => (kibana === null ? undefined : pairOf(kibana)));
  const changes: NewestChange[] = [];
  const add = (pair: Pair | undefined, kibana: string): void => {
    if (!pair || pair.before === pair.after) return;
    const known = changes.find((one) => one.before === pair.before && one.after === pair.after);
    if (known) known.kibana.push(kibana);
    else changes.push({ ...pair, kibana: [kibana] });
  };
  for (const { label, first, cuts: own } of kinds)
    for (const { pair, from, to } of stretches(newestAt.slice(first, first + own.length + 1)))
      add(pair, `${label}${stretchText(own[from - 1], own[to])}`);
  for (const { text, example } of holesOf(constraints)) {
    const pair = pairOf(example);
    if (!isSamePair(newestAt[kibanaClass(cuts, example)], pair)) add(pair, `pre-releases ${text}`);
  }
  add(newestAt[0], 'none');
  return changes.map(({ before: from, after: to, kibana }) => {
    return { before: from, after: to, kibana: isEverybody(kibana) ? ['any'] : kibana };
  });
}

interface Pair {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Joins neighbouring classes with equal outcomes. A class without any version joins the class before it. */
function stretches(outcomes: readonly (Pair | undefined)[]): { pair: Pair | undefined; from: number; to: number }[] {
  const found: { pair: Pair | undefined; from: number; to: number }[] = [];
  for (const [i, pair] of outcomes.entries()) {
    const last = found.at(-1);
    if (last && (!pair || isSamePair(last.pair, pair))) last.to = i;
    else found.push({ pair, from: i, to: i });
  }
  return found;
}

function isSamePair(a: Pair | undefined, b: Pair): boolean {
  return a?.before === b.before && a?.after === b.after && a !== undefined;
}

/** The pre-releases that lie in holes, as a text such as `8.5.x-rc1`, and the first of each. */
function holesOf(constraints: readonly Constraint[]): { text: string; example: Version }[] {
  const all = constraints.flatMap(({ holes = [] }) => holes);
  const holes = new Map(all.map((hole) => [`${hole[0]}.x-${hole[1]}`, hole]));
  return [...holes].map(([text, [minor, pre, patch]]) => {
    const { major, minor: second } = versionOf(`${minor}.0`);
    return { text, example: { major, minor: second, patch, pre, build: '' } };
  });
}

/** The text of a stretch that begins at the cut `low` and ends at the cut `high`. */
function stretchText(low: Cut | undefined, high: Cut | undefined): string {
  const from = low && `${low[1] === 0 ? '>=' : '>'}${low[0]}`;
  const to = high && `${high[1] === 0 ? '<' : '<='}${high[0]}`;
  return [from, to].filter(Boolean).join(' ') || 'any';
}

function isEverybody(kibana: readonly string[]): boolean {
  return kibana.length === 3 && ['any', 'pre-releases any', 'none'].every((one) => kibana.includes(one));
}

function newest(
  columns: NoticedColumns,
  { name, prerelease, kibana }: { name: string; prerelease: boolean; kibana: Query['kibana'] },
): string | undefined {
  const query = { ...EMPTY_QUERY, package: toByteString(name), prerelease, kibana };
  const [found] = findRevisions(columns as Columns, query);
  return found === undefined ? undefined : columns.revisions.version[found];
}

function constraintsOf({ names, constraints, profiles, revisions }: NoticedColumns, name: string): Constraint[] {
  const at = namePosition(names, toByteString(name));
  const own = at < 0 ? [] : revisions.profile.slice(revisions.first[at], revisions.first[at + 1]);
  const positions = new Set(own.flatMap((position) => (profiles[position] as Profile).kibana ?? []));
  return [...positions].map((position) => constraints[position] as Constraint);
}

function toNoticed(name: string, { before, after, kibana }: NewestChange, prerelease: Clients['prerelease']): Noticed {
  return { package: name, before, after, clients: { prerelease, kibana } };
}

function isSame(a: NewestChange, b: NewestChange): boolean {
  return a.before === b.before && a.after === b.after && a.kibana.join() === b.kibana.join();
}
