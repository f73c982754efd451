import { compareVersions } from './version.ts';
import type { Version } from './version.ts';
import type { Answers, CategoryColumn, Columns, Cut, Runs } from './columns.ts';
import { versionOf } from './find.ts';
import type { Query } from './query.ts';

/*
 * Which precomputed answer a query has. Edge-plain. The build asks the same functions, so that both sides agree on
 * classes and places.
 */

export interface Precomputed {
  readonly digest: string;
  /** Of the body. */
  readonly bytes: number;
}

/** The precomputed answer of a query, if there is one. */
export function precomputedAnswer(columns: Columns, query: Query): Precomputed | undefined {
  const answers = columns.answers;
  const runs = runsOf(columns, query);
  const at = runs ? answerOf(runs, kibanaClass(answers, query.kibana)) : -1;
  return at < 0 ? undefined : { digest: answers.digests[at] as string, bytes: answers.bytes[at] as number };
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

/** The place of a question in `answers.search`: `axis` is 0, 1 + a category's position, or 1 + categories + a spec class. */
export function searchPlace(
  columns: Pick<Columns, 'categories'>,
  specs: number,
  prerelease: boolean,
  axis: number,
): number {
  return (prerelease ? 1 : 0) * (1 + columns.categories.length + specs) + axis;
}

/** The place of a question in `answers.categories`. */
export function categoriesPlace(specs: number, prerelease: boolean, withTemplates: boolean, specClass: number): number {
  return ((prerelease ? 2 : 0) + (withTemplates ? 1 : 0)) * (specs + 1) + specClass;
}

/** The place of a question in `answers.packages`. */
export function packagePlace(columns: Pick<Columns, 'names'>, prerelease: boolean, name: number): number {
  return (prerelease ? columns.names.length : 0) + name;
}

function runsOf(columns: Columns, query: Query): Runs | undefined {
  const answers = columns.answers;
  const specs = answers.specs.length;
  if (query.experimental || query.all || query.agent || query.capabilities || query.type !== '') return undefined;
  if (query.discovery.length > 0) return undefined;
  const spec = specClass(answers, query);
  if (spec < 0) return undefined;
  if (query.endpoint === 'categories')
    return answers.categories[categoriesPlace(specs, query.prerelease, query.includePolicyTemplates, spec)];
  if (query.package !== '') {
    const name = spec === specs && query.category === '' ? nameAt(columns.names, query.package) : -1;
    return name < 0 ? undefined : answers.packages[packagePlace(columns, query.prerelease, name)];
  }
  if (query.category !== '') {
    const category = spec === specs ? findCategory(columns, query.category) : -1;
    return category < 0 ? undefined : answers.search[searchPlace(columns, specs, query.prerelease, 1 + category)];
  }
  const axis = spec === specs ? 0 : 1 + columns.categories.length + spec;
  return answers.search[searchPlace(columns, specs, query.prerelease, axis)];
}

/** How many of the spec versions a query lets in, from the lowest; -1 where it keeps the lowest out. */
function specClass(answers: Answers, query: Query): number {
  const specs = answers.specs;
  if (query.specMin && specs.length > 0 && compareVersions(versionOf(specs[0] as string), query.specMin) < 0) return -1;
  let count = 0;
  while (
    count < specs.length &&
    (!query.specMax || compareVersions(versionOf(specs[count] as string), query.specMax) <= 0)
  )
    count++;
  return count;
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

function answerOf(runs: Runs, kibana: number): number {
  let answer = -1;
  for (let i = 0; i < runs.length && (runs[i] as number) <= kibana; i += 2) answer = runs[i + 1] as number;
  return answer;
}

/** The position of a category in `columns.categories`, -1 where it isn't there. */
function findCategory(columns: Columns, id: string): number {
  for (let i = 0; i < columns.categories.length; i++) if ((columns.categories[i] as CategoryColumn).id === id) return i;
  return -1;
}

function nameAt(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[middle] as string) < name) low = middle + 1;
    else high = middle;
  }
  return names[low] === name ? low : -1;
}
