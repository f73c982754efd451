import { accepts } from './constraint.ts';
import { compareVersions, parseVersion } from './version.ts';
import type { Version } from './version.ts';
import type { CategoryColumn, Columns, Profile } from './columns.ts';
import type { Query } from './query.ts';

/*
 * Which revisions a query finds (docs/contract.md section 3). Edge-plain: the columns' lists have no methods in nginx, so
 * they are only indexed.
 */

/** Positions in `columns.revisions`, ascending, before `category` is applied. */
export function findRevisions(columns: Columns, query: Query): number[] {
  const verdicts: (boolean | undefined)[] = [];
  const constraintVerdicts: Verdicts = { kibana: [], agent: [] };
  const candidates: number[] = [];
  const name = columns.revisions.name;
  const version = columns.revisions.version;
  const profile = columns.revisions.profile;
  for (let i = firstCandidate(columns, query.package); i < name.length; i++) {
    if (query.package !== '' && columns.names[name[i] as number] !== query.package) break;
    const at = profile[i] as number;
    let verdict = verdicts[at];
    if (verdict === undefined) {
      verdict = profileRefusal(columns, columns.profiles[at] as Profile, query, constraintVerdicts) === '';
      verdicts[at] = verdict;
    }
    if (verdict && versionRefusal(version[i] as string, query) === '') candidates.push(i);
  }
  if (query.experimental) return query.all ? withoutUnstable(columns, candidates) : newestStable(columns, candidates);
  return query.all ? candidates : newest(columns, candidates);
}

/** The rule of section 3 that keeps a revision out, whatever other versions there are; '' for none. */
export type Refusal =
  | ''
  | 'package'
  | 'experimental'
  | 'type'
  | 'kibana'
  | 'agent'
  | 'capabilities'
  | 'discovery'
  | 'spec'
  | 'prerelease';

/** Why the revision at a position is no candidate for an answer: the first rule that it fails, '' where it is one. */
export function refusal(columns: Columns, i: number, query: Query): Refusal {
  const revisions = columns.revisions;
  if (query.package !== '' && columns.names[revisions.name[i] as number] !== query.package) return 'package';
  const profile = columns.profiles[revisions.profile[i] as number] as Profile;
  const ofProfile = profileRefusal(columns, profile, query, { kibana: [], agent: [] });
  return ofProfile === '' ? versionRefusal(revisions.version[i] as string, query) : ofProfile;
}

/** A category and its sub-categories: whoever lists one of them is found under it. */
export function categoryFamily(columns: Columns, category: string): string[] {
  const family = [category];
  for (let i = 0; i < columns.categories.length; i++) {
    const parent = (columns.categories[i] as CategoryColumn).parent;
    if (parent >= 0 && (columns.categories[parent] as CategoryColumn).id === category)
      family.push((columns.categories[i] as CategoryColumn).id);
  }
  return family;
}

/** How a profile meets a category's family: by its own categories, only by policy templates, or not at all. */
export function matchCategory(profile: Profile, family: readonly string[]): 'own' | 'template' | undefined {
  if (profile.categories && overlaps(profile.categories, family)) return 'own';
  const templates = profile.templates;
  for (let i = 0; templates && i < templates.length; i++)
    if (overlaps(templates[i] as readonly string[], family)) return 'template';
  return undefined;
}

/** Whether a version, in its full form, is a pre-release. */
function hasPrerelease(version: string): boolean {
  const build = version.indexOf('+');
  const dash = version.indexOf('-');
  return dash >= 0 && (build < 0 || dash < build);
}

interface Verdicts {
  readonly kibana: (boolean | undefined)[];
  readonly agent: (boolean | undefined)[];
}

function profileRefusal(columns: Columns, profile: Profile, query: Query, verdicts: Verdicts): Refusal {
  if (profile.experimental && !query.prerelease && !query.experimental) return 'experimental';
  if (query.type !== '' && profile.type !== query.type) return 'type';
  if (!isAccepted(columns, profile.kibana, query.kibana, verdicts.kibana)) return 'kibana';
  if (query.experimental) return ''; // an older rule, of fewer conditions
  if (!isAccepted(columns, profile.agent, query.agent, verdicts.agent)) return 'agent';
  if (query.capabilities && !isSubset(profile.capabilities, query.capabilities)) return 'capabilities';
  if (!isDiscovered(profile, query)) return 'discovery';
  return isWithinSpec(profile, query) ? '' : 'spec';
}

function versionRefusal(version: string, query: Query): Refusal {
  return query.experimental || query.prerelease || !hasPrerelease(version) ? '' : 'prerelease';
}

/** Each constraint is evaluated once a query, however many profiles have it. */
function isAccepted(
  columns: Columns,
  constraint: number | undefined,
  version: Version | undefined,
  known: (boolean | undefined)[],
): boolean {
  if (constraint === undefined || version === undefined) return true;
  let verdict = known[constraint];
  if (verdict === undefined) {
    verdict = accepts(columns.constraints[constraint] as Columns['constraints'][number], version);
    known[constraint] = verdict;
  }
  return verdict;
}

function isSubset(list: readonly string[] | undefined, of: readonly string[]): boolean {
  for (let i = 0; list && i < list.length; i++) if (of.indexOf(list[i] as string) < 0) return false;
  return true;
}

function isDiscovered(profile: Profile, query: Query): boolean {
  for (let i = 0; i < query.discovery.length; i++) {
    const filter = query.discovery[i] as Query['discovery'][number];
    const own = filter.kind === 'fields' ? profile.fields : profile.datasets;
    if (!own || own.length === 0) return false;
    if (filter.kind === 'fields' ? !isSubset(own, filter.values) : !overlaps(own, filter.values)) return false;
  }
  return true;
}

function overlaps(list: readonly string[], other: readonly string[]): boolean {
  for (let i = 0; i < list.length; i++) if (other.indexOf(list[i] as string) >= 0) return true;
  return false;
}

function isWithinSpec(profile: Profile, query: Query): boolean {
  if (!query.specMin && !query.specMax) return true;
  const spec = versionOf(profile.spec);
  if (query.specMin && compareVersions(spec, query.specMin) < 0) return false;
  return !query.specMax || compareVersions(spec, query.specMax) <= 0;
}

/** The last candidate of each name: candidates of a name lie together, the oldest first. */
function newest(columns: Columns, candidates: readonly number[]): number[] {
  return lastOfEachName(columns, candidates, () => true);
}

/** Of each name the newest that is no pre-release, or else the newest pre-release. */
function newestStable(columns: Columns, candidates: readonly number[]): number[] {
  return lastOfEachName(columns, candidates, (i) => !hasPrerelease(columns.revisions.version[i] as string));
}

function lastOfEachName(
  columns: Columns,
  candidates: readonly number[],
  isPreferred: (i: number) => boolean,
): number[] {
  const found: number[] = [];
  forEachName(columns, candidates, (of) => {
    let best = of[of.length - 1] as number;
    for (let k = of.length - 1; k >= 0; k--)
      if (isPreferred(of[k] as number)) {
        best = of[k] as number;
        break;
      }
    found.push(best);
  });
  return found;
}

/** Without pre-releases and versions below 1.0.0, for every name that has a version which is neither. */
function withoutUnstable(columns: Columns, candidates: readonly number[]): number[] {
  const found: number[] = [];
  const isStable = (i: number): boolean => {
    const version = columns.revisions.version[i] as string;
    return !hasPrerelease(version) && !version.startsWith('0.');
  };
  forEachName(columns, candidates, (of) => {
    const stable = of.filter(isStable);
    const kept = stable.length > 0 ? stable : of;
    for (let k = 0; k < kept.length; k++) found.push(kept[k] as number);
  });
  return found;
}

function forEachName(columns: Columns, candidates: readonly number[], visit: (of: number[]) => void): void {
  const names = columns.revisions.name;
  let of: number[] = [];
  for (let k = 0; k < candidates.length; k++) {
    const i = candidates[k] as number;
    of.push(i);
    if (k + 1 === candidates.length || names[candidates[k + 1] as number] !== names[i]) {
      visit(of);
      of = [];
    }
  }
}

function firstCandidate(columns: Columns, name: string): number {
  if (name === '') return 0;
  const revisions = columns.revisions;
  const names = columns.names;
  let low = 0;
  let high = revisions.name.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[revisions.name[middle] as number] as string) < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A version of the index; the build wrote it. */
export function versionOf(text: string): Version {
  const parts = text.split('.');
  // A release in its full form, as most are here: a regular expression takes several times as long, in njs above all.
  if (parts.length === 3 && text.indexOf('-') < 0 && text.indexOf('+') < 0)
    return { major: parts[0] as string, minor: parts[1] as string, patch: parts[2] as string, pre: '', build: '' };
  const parsed = parseVersion(text);
  if (!parsed.ok) throw new Error(`the index holds a version that is none: ${text}`);
  return parsed.version;
}
