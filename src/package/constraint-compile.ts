/**
 * Compiles the text of a version constraint. The grammar and meaning are those of Masterminds/semver 3.5
 * (docs/contract.md, "Version constraints"; the recorded facts are in `test/recorded/rules`).
 *
 * All sets here are unions of half-open spans of *one* line, that of all versions in semver order. Half-open spans are
 * enough because every version has a next one: after `1.2.3` comes `1.2.4-0`, after `1.2.3-a` comes `1.2.3-a.0`.
 */
import type { Constraint, Interval } from '../core/constraint.ts';
import { compareVersions, formatVersion, largestNumber, parseVersion } from '../core/version.ts';
import type { Version } from '../core/version.ts';

interface Comparison {
  readonly operator: string;
  /** Missing numbers are 0. It has no build metadata. */
  readonly version: Version;
  /** How many numbers stand before the first one that is missing or a wildcard. */
  readonly given: number;
}

type Span = readonly [from: Version, to: Version];
type Kind = keyof Constraint;

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
 * Two constraints that accept the same versions have equal results. One oddity of the registry does not fit into
 * intervals: `!=1.2-rc1` excludes every `1.2.N-rc1` there, and only `1.2.0-rc1` here.
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
  return { releases: solve(alternatives, 'releases'), prereleases: solve(withPrereleases, 'prereleases') };
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

/** The versions of one kind that the alternatives accept. */
function solve(alternatives: readonly Comparison[][], kind: Kind): Interval[] {
  const spans = alternatives.flatMap((comparisons) =>
    comparisons.map((one) => accepted(one, kind)).reduce(intersect, [[lowest, top]]),
  );
  return unite(spans.map(([from, to]): Span => [firstOf(kind, from), firstOf(kind, to)])).map(toInterval);
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

/**
 * `!=1.2` concerns releases only, unlike `!=1`. With a pre-release part (`!=1.2-rc1`), it concerns that pre-release
 * only.
 */
function unequal({ version: from, given }: Comparison, kind: Kind): Span[] {
  if (given === 1) return outside(prerelease(from.major, '0', '0'), endOf(from, 1));
  if (given !== 2 || from.pre !== '') return outside(from, next(from));
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
