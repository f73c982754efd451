/**
 * Compiled version constraints: data that the build writes into the index (`package/constraint-compile.ts` makes it) and the edge
 * evaluates. Edge-plain.
 */
import { compareVersions, versionOf } from './version.ts';
import type { Version } from './version.ts';

/**
 * A stretch of versions in semver order. The bounds are texts of versions; '' means no bound, and 1 that the bound
 * itself belongs to the stretch.
 */
export type Interval = readonly [low: string, lowIncluded: 0 | 1, high: string, highIncluded: 0 | 1];

/**
 * Which versions without (releases) and with (prereleases) a pre-release part are accepted. Each list is sorted, its
 * intervals are apart and not empty, and the same set is always written in the same way.
 */
export interface Constraint {
  readonly releases: readonly Interval[];
  readonly prereleases: readonly Interval[];
}

/** Whether the version satisfies the constraint; its build metadata doesn't count. */
export function accepts(constraint: Constraint, version: Version): boolean {
  const intervals = version.pre === '' ? constraint.releases : constraint.prereleases;
  for (let i = 0; i < intervals.length; i++) {
    const interval = intervals[i];
    if (interval !== undefined && contains(interval, version)) return true;
  }
  return false;
}

function contains(interval: Interval, version: Version): boolean {
  const fromLow = interval[0] === '' ? 1 : compareTo(interval[0], version);
  const fromHigh = interval[2] === '' ? -1 : compareTo(interval[2], version);
  return (
    (fromLow > 0 || (fromLow === 0 && interval[1] === 1)) && (fromHigh < 0 || (fromHigh === 0 && interval[3] === 1))
  );
}

/** On which side of the bound the version is: below (-1), on it (0) or above (1). */
function compareTo(bound: string, version: Version): -1 | 0 | 1 {
  return compareVersions(version, versionOf(bound));
}
