/**
 * Compiles the text of a version constraint. The grammar and meaning are those of Masterminds/semver 3.5
 * (docs/contract.md, "Version constraints"; the recorded facts are in `test/recorded/rules`).
 *
 * All sets here are unions of half-open spans of *one* line, that of all versions in semver order. Half-open spans are
 * enough because every version has a next one: after `1.2.3` comes `1.2.4-0`, after `1.2.3-a` comes `1.2.3-a.0`.
 */
import type { Constraint, Hole, Interval } from '../core/constraint.ts';
import { compareVersions, formatVersion, largestNumber, parseVersion } from '../core/version.ts';
import type { Version } from '../core/version.ts';
import { compareText } from '../tree/text.ts';

interface Comparison {
  readonly operator: string;
  /** Missing numbers are 0. It has no build metadata. */
  readonly version: Version;
  /** How many numbers stand before the first one that is missing or a wildcard. */
  readonly given: number;
}

type Span = readonly [from: Version, to: Version];
type Kind = 'releases' | 'prereleases';

/** The versions `major.minor.N-pre` for every N. */
type Patches = Pick<Version, 'major' | 'minor' | 'pre'>;

const longestConstraint = 512;
const mostAlternatives = 32;

const space = '[\\t\\n\\f\\r ]';
// A bar counts as part of a number, so in `1 ||2 - 3` the range begins at `||2` and the constraint is refused.
const part = '[0-9xX*|]+';
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const version = `v?(${part})(?:\\.(${part}))?(?:\\.(${part}))?(-${identifiers})?(?:\\+${identifiers})?`;
const anyRange = new RegExp(`${space}*(${version})${space}+-${space}+(${version})${space}*`, 'g');
const anyComparison = new RegExp(
  `(!=|>=|=>|<=|=<|~>|[=<>~^]|)${space}*(${version})(?:${space}*(,)${space}*|${space}+|$)`,
  'g',
);
const outerSpace = new RegExp(`^${space}+|${space}+$`, 'g');

const lowest = prerelease('0', '0', '0');
/** A version above all others. */
const top = prerelease(increment(largestNumber), '0', '0');

/**
 * Compiles a constraint. Returns undefined if the registry refuses it.
 *
 * Two constraints without holes that accept the same versions have equal results.
 */
export function compileConstraint(text: string): Constraint | undefined {
  if (text.length > longestConstraint) return undefined;
  const written = text.replace(anyRange, '>=$1, <=$6 ').split('||');
  if (written.length > mostAlternatives) return undefined;
  const alternatives: Comparison[][] = [];
  for (const alternative of written) {
    const comparisons = parseAlternative(alternative.replace(outerSpace, ''));
    if (comparisons === undefined) return undefined;
    alternatives.push(comparisons);
  }
  const withPrereleases = alternatives.filter((comparisons) => comparisons.some((one) => one.version.pre !== ''));
  const holes = holesOf(withPrereleases);
  return {
    releases: solve(alternatives, 'releases').map(toInterval),
    prereleases: solve(withPrereleases, 'prereleases').map(toInterval),
    ...(holes.length > 0 && { holes }),
  };
}

function parseAlternative(text: string): Comparison[] | undefined {
  const matches = [...text.matchAll(anyComparison)];
  const isWhole = matches.map((match) => match[0]).join('') === text;
  const endsWithComma = matches.at(-1)?.[7] !== undefined;
  if (matches.length === 0 || !isWhole || endsWithComma) return undefined;
  const comparisons = matches.map(toComparison);
  return comparisons.every((one) => one !== undefined) ? comparisons : undefined;
}

/** Everything between the first wildcard and the pre-release part is ignored. */
function toComparison(match: RegExpExecArray): Comparison | undefined {
  const [, operator = '', full = '', major, minor, patch, pre = ''] = match;
  const numbers = [major, minor, patch];
  const wildcard = numbers.findIndex((number) => number === undefined || /^[xX*]$/.test(number));
  const given = wildcard === -1 ? 3 : wildcard;
  const filled = [...numbers.slice(0, given), '0', '0', '0'].slice(0, 3).join('.') + pre;
  const parsed = parseVersion(given === 3 ? full : filled);
  return parsed.ok ? { operator, given, version: { ...parsed.version, build: '' } } : undefined;
}

/** The versions of one kind that the alternatives accept, some of which may lie in holes. */
function solve(alternatives: readonly Comparison[][], kind: Kind): Span[] {
  return spansAmong(alternatives, kind, (from) => firstOf(kind, from));
}

/** The versions that the alternatives accept among those that have a first one at or above any version. */
function spansAmong(alternatives: readonly Comparison[][], kind: Kind, firstAt: (from: Version) => Version): Span[] {
  const spans = alternatives.flatMap((comparisons) =>
    comparisons.map((one) => accepted(one, kind)).reduce(intersect, [[lowest, top]]),
  );
  return unite(spans.map(([from, to]): Span => [firstAt(from), firstAt(to)]));
}

/**
 * `!=1.2-rc1` excludes `1.2.N-rc1` for every N, which are not neighbours in the order of versions. These lie in a hole, unless
 * an alternative without that comparison accepts them.
 */
function holesOf(alternatives: readonly Comparison[][]): Hole[] {
  const excluded = new Map(
    alternatives
      .flat()
      .filter(isPatchless)
      .map(({ version }) => [formatVersion(version), version]),
  );
  return [...excluded]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, patches]) => {
      const others = alternatives.filter((comparisons) => !comparisons.some((one) => isExclusionOf(patches, one)));
      const among = (some: readonly Comparison[][]): Span[] =>
        spansAmong(some, 'prereleases', (from) => firstPatch(patches, from));
      const elsewhere = among(others).map(([from, to]) => outside(from, to));
      return elsewhere
        .reduce(intersect, among(alternatives))
        .map(([from, to]): Hole => [`${patches.major}.${patches.minor}`, patches.pre, from.patch, decrement(to.patch)]);
    });
}

function isPatchless({ operator, given, version }: Comparison): boolean {
  return operator === '!=' && given === 2 && version.pre !== '';
}

function isExclusionOf({ major, minor, pre }: Patches, one: Comparison): boolean {
  const { version } = one;
  return isPatchless(one) && version.major === major && version.minor === minor && version.pre === pre;
}

function accepted(comparison: Comparison, kind: Kind): Span[] {
  const { operator, version: from, given } = comparison;
  switch (operator) {
    case '!=':
      return unequal(comparison, kind);
    case '>':
      return [[given === 0 ? next(from) : endOf(from, given), top]];
    case '>=':
    case '=>':
      return [[from, top]];
    case '<':
      return [[lowest, from]];
    case '<=':
    case '=<':
      return [[lowest, endOf(from, given === 0 ? 2 : given)]];
    case '^':
      return [[from, endOfCaret(from, given)]];
    case '~':
    case '~>':
      return [[from, endOfTilde(from, given)]];
    default:
      return [[from, given === 3 ? next(from) : endOfTilde(from, given)]];
  }
}

/** `!=1.2` concerns releases only, unlike `!=1`. With a pre-release part (`!=1.2-rc1`), it makes a hole. */
function unequal(comparison: Comparison, kind: Kind): Span[] {
  const { version: from, given } = comparison;
  if (isPatchless(comparison)) return [[lowest, top]];
  if (given === 1) return outside(prerelease(from.major, '0', '0'), endOf(from, 1));
  if (given !== 2) return outside(from, next(from));
  return kind === 'releases' ? outside(from, endOf(from, 2)) : outside(from, from);
}

function outside(from: Version, to: Version): Span[] {
  return [
    [lowest, from],
    [to, top],
  ];
}

function endOfCaret(from: Version, given: number): Version {
  if (from.major !== '0' || given === 1) return endOf(from, 1);
  return from.minor !== '0' || given === 2 ? endOf(from, 2) : endOfPatch(from);
}

/** `~0.0.0` is as open as `~*`. */
function endOfTilde(from: Version, given: number): Version {
  const isZero = from.major === '0' && from.minor === '0' && from.patch === '0';
  if (given === 0 || (given === 3 && isZero)) return top;
  return endOf(from, given === 1 ? 1 : 2);
}

/**
 * The first version above all versions that begin with the given numbers. If three are given, it is the one above the
 * version itself.
 */
function endOf(from: Version, given: number): Version {
  if (given === 3) return next(from);
  if (given === 2 && from.minor !== largestNumber) return prerelease(from.major, increment(from.minor), '0');
  return prerelease(increment(from.major), '0', '0');
}

/** The first version above the release and all its pre-releases. */
function endOfPatch(from: Version): Version {
  if (from.patch === largestNumber) return endOf(from, 2);
  return prerelease(from.major, from.minor, increment(from.patch));
}

function next(from: Version): Version {
  return from.pre === '' ? endOfPatch(from) : { ...from, pre: `${from.pre}.0` };
}

/** The lowest pre-release of a release: semver has nothing below the identifier 0. */
function prerelease(major: string, minor: string, patch: string): Version {
  return { major, minor, patch, pre: '0', build: '' };
}

function increment(number: string): string {
  return String(BigInt(number) + 1n);
}

function decrement(number: string): string {
  return String(BigInt(number) - 1n);
}

function intersect(left: readonly Span[], right: readonly Span[]): Span[] {
  return left.flatMap((a) =>
    right.map((b): Span => [laterOf(a[0], b[0]), compareVersions(a[1], b[1]) < 0 ? a[1] : b[1]]).filter(hasVersions),
  );
}

/** The same spans sorted, with gaps between them, and without empty ones. */
function unite(spans: readonly Span[]): Span[] {
  const united: Span[] = [];
  for (const span of spans.filter(hasVersions).sort((a, b) => compareVersions(a[0], b[0]))) {
    const last = united.at(-1);
    if (last === undefined || compareVersions(last[1], span[0]) < 0) united.push(span);
    else united[united.length - 1] = [last[0], laterOf(last[1], span[1])];
  }
  return united;
}

function hasVersions([from, to]: Span): boolean {
  return compareVersions(from, to) < 0;
}

function laterOf(a: Version, b: Version): Version {
  return compareVersions(a, b) < 0 ? b : a;
}

/** The first version of the kind at or above the given one. Bounds with the same meaning become equal. */
function firstOf(kind: Kind, from: Version): Version {
  if (kind === 'releases') return { ...from, pre: '' };
  return from.pre === '' ? endOfPatch(from) : from;
}

/** The first of the versions at or above the given one; beyond the largest patch number if there is none. */
function firstPatch({ major, minor, pre }: Patches, from: Version): Version {
  const at = (patch: string): Version => ({ major, minor, patch, pre, build: '' });
  if (compareVersions(from, at('0')) <= 0) return at('0');
  if (from.major !== major || from.minor !== minor) return at(increment(largestNumber));
  return compareVersions(from, at(from.patch)) <= 0 ? at(from.patch) : at(increment(from.patch));
}

/** Writes a bound `1.2.3-a.0` as the version before it, so that no bound is longer than a version may be. */
function toInterval([from, to]: Span): Interval {
  const low = toBound(from);
  const high = toBound(to);
  const isLowest =
    from.major === '0' && from.minor === '0' && from.patch === '0' && (from.pre === '' || from.pre === '0');
  return [
    isLowest ? '' : formatVersion(low),
    isLowest || low !== from ? 0 : 1,
    to.major === top.major ? '' : formatVersion(high),
    high === to ? 0 : 1,
  ];
}

function toBound(at: Version): Version {
  return at.pre.endsWith('.0') ? { ...at, pre: at.pre.slice(0, -2) } : at;
}
