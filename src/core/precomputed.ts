import { asByteString } from '../tree/byte-string.ts';
import type { ByteString } from '../tree/byte-string.ts';
import { compareVersions, versionOf } from './version.ts';
import type { Version } from './version.ts';
import { isInHole } from './constraint.ts';
import type { Constraint } from './constraint.ts';
import type { Answers, Columns, Cut, Runs, SpecRange } from './columns.ts';
import { categoryAt, namePosition } from './find.ts';
import { isAbsent, QUERY_MEMBERS } from './query.ts';
import type { Query } from './query.ts';

/*
 * Which precomputed answer a query has. Edge-plain. The build asks the same functions, so that both sides agree on
 * classes and places.
 */

/**
 * How precomputed answers regard each member of a query. `place`: it is a part of the question that a place stands for.
 * `absent`: no place stands for a query in which it is not absent.
 */
const REGARD: { readonly [Member in keyof Query]: 'place' | 'absent' } = {
  endpoint: 'place',
  package: 'place',
  prerelease: 'place',
  type: 'place',
  kibana: 'place',
  agent: 'absent',
  capabilities: 'absent',
  discovery: 'absent',
  specMin: 'place',
  specMax: 'place',
  experimental: 'absent',
  all: 'absent',
  category: 'place',
  includePolicyTemplates: 'place',
};

export interface Precomputed {
  readonly digest: string;
  /** Of the body. */
  readonly bytes: number;
}

/** The precomputed answer of a query, if there is one. */
export function precomputedAnswer(columns: Columns, query: Query): Precomputed | undefined {
  const answers = columns.answers;
  const place = placeOf(columns, query);
  const runs = place < 0 ? undefined : answers.runs[answers.places[place] as number];
  const at = runs ? answerAt(runs, kibanaClass(answers, query.kibana)) : -1;
  return at < 0 ? undefined : { digest: answers.digests[at] as string, bytes: answers.bytes[at] as number };
}

/** Whether a version lies in a hole of some constraint. Then it hasn't the answers of its class. */
export function isInSomeHole(constraints: readonly Constraint[], version: Version): boolean {
  if (version.pre === '') return false;
  for (let i = 0; i < constraints.length; i++) if (isInHole(constraints[i] as Constraint, version)) return true;
  return false;
}

/** The class of a Kibana version: 0 for none, then those of releases, then those of pre-releases. */
export function kibanaClass(
  answers: Pick<Answers, 'releaseCuts' | 'prereleaseCuts'>,
  version: Version | undefined,
): number {
  if (!version) return 0;
  if (version.pre === '') return 1 + cutsBefore(answers.releaseCuts, version);
  return 1 + answers.releaseCuts.length + 1 + cutsBefore(answers.prereleaseCuts, version);
}

/** How many classes of Kibana versions there are. */
export function kibanaClasses(answers: Pick<Answers, 'releaseCuts' | 'prereleaseCuts'>): number {
  return 3 + answers.releaseCuts.length + answers.prereleaseCuts.length;
}

/** Which of the spec versions lie between two bounds. Ranges with the same of them in are equal. */
export function specRange(specs: readonly string[], min: Version | undefined, max: Version | undefined): SpecRange {
  let from = 0;
  while (min && from < specs.length && compareVersions(versionOf(specs[from] as string), min) < 0) from++;
  let to = max ? 0 : specs.length;
  while (max && to < specs.length && compareVersions(versionOf(specs[to] as string), max) <= 0) to++;
  return from < to ? [from, to] : [0, 0];
}

/** The position of a range among the ranges, -1 where it isn't there. */
export function rangePosition(ranges: readonly SpecRange[], range: SpecRange): number {
  for (let i = 0; i < ranges.length; i++) {
    const one = ranges[i] as SpecRange;
    if (one[0] === range[0] && one[1] === range[1]) return i;
  }
  return -1;
}

/*
 * A subject is what a question is about, beside the client: all packages, those of content, a category, a package; or the
 * categories, without and with those of policy templates.
 */
export const WHOLE_SEARCH = 0;
export const CATEGORIES = 1;
export const CATEGORIES_OF_TEMPLATES = 2;
export const CONTENT_PACKAGES = 3;
const FIRST_CATEGORY = 4;

/** The type of packages that Fleet looks for on its own; no client asks for another. */
export const CONTENT_TYPE = asByteString('content');

/** The subject of the category at a position in `columns.categories`. */
export function categorySubject(position: number): number {
  return FIRST_CATEGORY + position;
}

/** The subject of the package whose name is at a position in `columns.names`. */
export function packageSubject(columns: Pick<Columns, 'categories'>, position: number): number {
  return FIRST_CATEGORY + columns.categories.length + position;
}

/** How many subjects there are. */
export function subjectCount(columns: Pick<Columns, 'categories' | 'names'>): number {
  return packageSubject(columns, columns.names.length);
}

/** What a question says of the client, but for its Kibana: a position in `ranges`, and whether pre-releases are asked for. */
export function clientKind(ranges: readonly SpecRange[], range: number, prerelease: boolean): number {
  return (prerelease ? ranges.length : 0) + range;
}

/** The place in `answers.places` of the question about a subject that a kind of client asks. */
export function placeAt(columns: Pick<Columns, 'categories' | 'names'>, kind: number, subject: number): number {
  return kind * subjectCount(columns) + subject;
}

/** The answer that a class of Kibana versions has in runs, -1 for none. */
export function answerAt(runs: Runs, kibana: number): number {
  let answer = -1;
  for (let i = 0; i < runs.length && (runs[i] as number) <= kibana; i += 2) answer = runs[i + 1] as number;
  return answer;
}

function placeOf(columns: Columns, query: Query): number {
  for (let i = 0; i < QUERY_MEMBERS.length; i++) {
    const member = QUERY_MEMBERS[i] as keyof Query;
    if (REGARD[member] === 'absent' && !isAbsent(query, member)) return -1;
  }
  if (query.kibana && isInSomeHole(columns.constraints, query.kibana)) return -1;
  const answers = columns.answers;
  const range = rangePosition(answers.ranges, specRange(answers.specs, query.specMin, query.specMax));
  const subject = range < 0 ? -1 : subjectOf(columns, query);
  return subject < 0 ? -1 : placeAt(columns, clientKind(answers.ranges, range, query.prerelease), subject);
}

function subjectOf(columns: Columns, query: Query): number {
  if (query.type !== '') {
    const isAlone = query.endpoint === 'search' && query.category === '' && query.package === '';
    return isAlone && query.type === CONTENT_TYPE ? CONTENT_PACKAGES : -1;
  }
  if (query.category === '' && query.package === '') {
    if (query.endpoint === 'search') return WHOLE_SEARCH;
    return query.includePolicyTemplates ? CATEGORIES_OF_TEMPLATES : CATEGORIES;
  }
  if (query.endpoint !== 'search' || (query.category !== '' && query.package !== '')) return -1;
  if (query.category === '') {
    const name = namePosition(columns.names, query.package);
    return name < 0 ? -1 : packageSubject(columns, name);
  }
  const category = categoryPosition(columns, query.category);
  return category < 0 ? -1 : categorySubject(category);
}

function cutsBefore(cuts: readonly Cut[], version: Version): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const cut = cuts[middle] as Cut;
    const order = compareVersions(versionOf(cut[0]), version);
    if (order < 0 || (order === 0 && cut[1] === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The position of a category in `columns.categories`, -1 where it isn't there. */
function categoryPosition(columns: Columns, id: ByteString): number {
  for (let i = 0; i < columns.categories.length; i++) if (categoryAt(columns, i).id === id) return i;
  return -1;
}
