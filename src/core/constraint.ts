/**
 * Compiled version constraints: data that the build writes into the index (`package/constraint-compile.ts` makes it) and the edge
 * evaluates. Edge-plain.
 */
import { compareNumbers, compareVersions, versionOf } from './version.ts';
import type { Version } from './version.ts';

/**
 * A stretch of versions in semver order. The bounds are texts of versions; '' means no bound, and 1 that the bound
 * itself belongs to the stretch.
 */
export type Interval = readonly [low: string, lowIncluded: 0 | 1, high: string, highIncluded: 0 | 1];

/**
 * Pre-releases that are not neighbours: `minor` is `major.minor`, and `pre` their pre-release part. The patch number is at least
 * `first` and at most `last`; both are decimal texts.
 */
export type Hole = readonly [minor: string, pre: string, first: string, last: string];

/**
 * Which versions without (releases) and with (prereleases) a pre-release part are accepted. Each list is sorted, and its
 * intervals are apart and not empty. Pre-releases in a hole are not accepted, though an interval contains them. Without
 * holes, the same set is always written in the same way.
 */
export interface Constraint {
  readonly releases: readonly Interval[];
  readonly prereleases: readonly Interval[];
  /** Absent if there are none. */
  readonly holes?: readonly Hole[];
}

/** Whether the version satisfies the constraint; its build metadata doesn't count. */
export function accepts(constraint: Constraint, version: Version): boolean {
  if (isInHole(constraint, version)) return false;
  const intervals = version.pre === '' ? constraint.releases : constraint.prereleases;
  for (let i = 0; i < intervals.length; i++) if (contains(intervals[i] as Interval, version)) return true;
  return false;
}

/** Whether a version is one of those that lie in a hole of the constraint. */
export function isInHole(constraint: Pick<Constraint, 'holes'>, version: Version): boolean {
  const holes = constraint.holes;
  if (!holes) return false;
  const minor = `${version.major}.${version.minor}`;
  for (let i = 0; i < holes.length; i++) {
    const hole = holes[i] as Hole;
    if (hole[0] === minor && hole[1] === version.pre && isFromTo(hole[2], version.patch, hole[3])) return true;
  }
  return false;
}

function isFromTo(first: string, number: string, last: string): boolean {
  return compareNumbers(first, number) <= 0 && compareNumbers(number, last) <= 0;
}

function contains(interval: Interval, version: Version): boolean {
  return isOnSide(1, interval[0], interval[1], version) && isOnSide(-1, interval[2], interval[3], version);
}

/** Whether a version is above (1) or below (-1) a bound, or on it where it is included. */
function isOnSide(side: 1 | -1, bound: string, included: 0 | 1, version: Version): boolean {
  const order = bound === '' ? side : compareVersions(version, versionOf(bound));
  return order === side || (order === 0 && included === 1);
}
