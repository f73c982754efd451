import type { ByteString } from '../tree/byte-string.ts';
import type { CategoryColumn, Columns, Profile } from './columns.ts';
import type { Query } from './query.ts';
import { overlaps, profileTests } from './rules.ts';
import type { NamedTest, Refusal } from './rules.ts';

/*
 * Which revisions a query finds (docs/contract.md section 3). Edge-plain: the columns' lists have no methods in nginx, so
 * they are only indexed.
 */

/** Positions in `columns.revisions`, ascending, before `category` is applied. */
export function findRevisions(columns: Columns, query: Query): number[] {
  const found: number[] = [];
  const isCandidate = candidateTest(columns, query);
  const choose = chooserOf(columns, query);
  const first = columns.revisions.first;
  const only = query.package === '' ? -1 : namePosition(columns.names, query.package);
  if (query.package !== '' && only < 0) return found;
  const end = only < 0 ? columns.names.length : only + 1;
  for (let name = only < 0 ? 0 : only; name < end; name++)
    choose(found, { from: first[name] as number, to: first[name + 1] as number, isCandidate });
  return found;
}

/**
 * Why the revision at a position is not a candidate for an answer: the first rule that it fails; '' if it is a
 * candidate.
 */
export function refusal(columns: Columns, i: number, query: Query): Refusal {
  if (query.package !== '' && columns.names[namePositionOf(columns, i)] !== query.package) return 'package';
  const profile = profileAt(columns, i);
  const tests = profileTests(columns, query);
  for (let k = 0; k < tests.length; k++) {
    const test = tests[k] as NamedTest;
    if (!test.passes(profile)) return test.refusal;
  }
  return isVersionWanted(columns.revisions.version[i] as string, query) ? '' : 'prerelease';
}

/** The position in `columns.names` of a revision's name. */
export function namePositionOf(columns: Pick<Columns, 'names' | 'revisions'>, i: number): number {
  const first = columns.revisions.first;
  let low = 0;
  let high = columns.names.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((first[middle] as number) <= i) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The profile of the revision at a position. */
export function profileAt(columns: Pick<Columns, 'profiles' | 'revisions'>, i: number): Profile {
  return columns.profiles[columns.revisions.profile[i] as number] as Profile;
}

/** The category at a position. */
export function categoryAt(columns: Pick<Columns, 'categories'>, i: number): CategoryColumn {
  return columns.categories[i] as CategoryColumn;
}

/** The position of a name among names in byte order. -1 if it isn't there. */
export function namePosition(names: readonly ByteString[], name: ByteString): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[middle] as ByteString) < name) low = middle + 1;
    else high = middle;
  }
  return names[low] === name ? low : -1;
}

/** A category and its sub-categories: whoever lists one of them is found under it. */
export function categoryFamily(columns: Columns, category: ByteString): ByteString[] {
  const family = [category];
  for (let i = 0; i < columns.categories.length; i++) {
    const own = categoryAt(columns, i);
    if (own.parent >= 0 && categoryAt(columns, own.parent).id === category) family.push(own.id);
  }
  return family;
}

/** How a profile meets a category's family: by its own categories, only by policy templates, or not at all. */
export function matchCategory(profile: Profile, family: readonly ByteString[]): 'own' | 'template' | undefined {
  if (profile.categories && overlaps(profile.categories, family)) return 'own';
  const templates = profile.templates;
  for (let i = 0; templates && i < templates.length; i++)
    if (overlaps(templates[i] as readonly ByteString[], family)) return 'template';
  return undefined;
}

/** Whether a revision may be in an answer, whatever other versions there are. Each profile is judged once. */
function candidateTest(columns: Columns, query: Query): (i: number) => boolean {
  const tests = profileTests(columns, query);
  const profiles = columns.profiles;
  const profileOf = columns.revisions.profile;
  const version = columns.revisions.version;
  const verdicts: (boolean | undefined)[] = [];
  return (i) => {
    const at = profileOf[i] as number;
    let verdict = verdicts[at];
    if (verdict === undefined) {
      verdict = true;
      for (let k = 0; verdict && k < tests.length; k++)
        verdict = (tests[k] as NamedTest).passes(profiles[at] as Profile);
      verdicts[at] = verdict;
    }
    return verdict && isVersionWanted(version[i] as string, query);
  };
}

function isVersionWanted(version: string, query: Query): boolean {
  return query.experimental || query.prerelease || !hasPrerelease(version);
}

/** Whether a version, in its full form, is a pre-release. */
function hasPrerelease(version: string): boolean {
  const dash = version.indexOf('-');
  if (dash < 0) return false;
  const build = version.indexOf('+');
  return build < 0 || dash < build;
}

/** The revisions of one name, oldest first, and which of them may be in an answer. */
interface OneName {
  readonly from: number;
  readonly to: number;
  readonly isCandidate: (i: number) => boolean;
}

/** Adds to `found` what a query takes of a name. */
type Chooser = (found: number[], name: OneName) => void;

function chooserOf(columns: Columns, query: Query): Chooser {
  const version = columns.revisions.version;
  if (!query.experimental) return query.all ? addCandidates : addNewest;
  if (query.all) return (found, name) => addStable(found, name, version);
  return (found, name) => addNewestStable(found, name, version);
}

function addCandidates(found: number[], name: OneName): void {
  for (let i = name.from; i < name.to; i++) if (name.isCandidate(i)) found.push(i);
}

function addNewest(found: number[], name: OneName): void {
  for (let i = name.to - 1; i >= name.from; i--)
    if (name.isCandidate(i)) {
      found.push(i);
      return;
    }
}

/** The newest version that is not a pre-release. Without one, the newest pre-release. */
function addNewestStable(found: number[], name: OneName, version: readonly string[]): void {
  let best = -1;
  for (let i = name.to - 1; i >= name.from; i--) {
    if (!name.isCandidate(i)) continue;
    if (best < 0) best = i;
    if (hasPrerelease(version[i] as string)) continue;
    best = i;
    break;
  }
  if (best >= 0) found.push(best);
}

/** Leaves out pre-releases and versions below 1.0.0, if the name has a version that is neither. */
function addStable(found: number[], name: OneName, version: readonly string[]): void {
  const candidates: number[] = [];
  addCandidates(candidates, name);
  const stable = candidates.filter((i) => {
    const text = version[i] as string;
    return !hasPrerelease(text) && text.slice(0, 2) !== '0.';
  });
  const kept = stable.length > 0 ? stable : candidates;
  for (let k = 0; k < kept.length; k++) found.push(kept[k] as number);
}
