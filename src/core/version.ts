/** Versions as the registry reads them. Edge-plain; texts are byte strings. */

/** The numbers are decimal texts without leading zeros. They go up to 2^64-1, which a JavaScript number can't hold. */
export interface Version {
  readonly major: string;
  readonly minor: string;
  readonly patch: string;
  /** Dot-separated identifiers, '' for a release. */
  readonly pre: string;
  /** Build metadata, '' for none. */
  readonly build: string;
}

export type ParsedVersion =
  | { readonly ok: true; readonly version: Version }
  | { readonly ok: false; readonly error: string };

/** The largest number in a version: 2^64-1. */
export const largestNumber = '18446744073709551615';

const longestVersion = 256;

// The pattern is not anchored at the end: in PCRE, which nginx uses, `$` also matches before a newline at the end.
const looseVersion =
  /^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?/;

/**
 * A loose version: optional `v`, one to three numbers (leading zeros allowed, missing ones are 0), pre-release, build.
 * The error is the text that the registry puts into its 400 answers (docs/contract.md section 2, `kibana.version`).
 */
export function parseVersion(text: string): ParsedVersion {
  if (text.length > longestVersion) return refused(`version string is too long (max ${longestVersion} bytes)`);
  const match = looseVersion.exec(text);
  if (match === null || match[0].length !== text.length) return refused('invalid semantic version');
  const written = [match[1] || '', tail(match[2]) || '0', tail(match[3]) || '0'];
  const numbers: string[] = [];
  for (let i = 0; i < 3; i++) {
    const digits = written[i] || '';
    const number = withoutLeadingZeros(digits);
    if (compareNumbers(number, largestNumber) > 0) return refused(outOfRange(digits));
    numbers.push(number);
  }
  const pre = tail(match[4]);
  if (hasLeadingZero(pre)) return refused('version segment starts with 0');
  return { ok: true, version: toVersion(numbers, pre, tail(match[5])) };
}

/**
 * A strict semantic version (three numbers without leading zeros, no `v`), or undefined: the only kind that a path or
 * a package's manifest may hold (docs/contract.md section 1). Strict is what a loose version looks like in its full form.
 */
export function parseStrictVersion(text: string): Version | undefined {
  const parsed = parseVersion(text);
  return parsed.ok && formatVersion(parsed.version) === text ? parsed.version : undefined;
}

/** A version that the build wrote into the index. Throws an Error where it is none. */
export function versionOf(text: string): Version {
  const parts = text.split('.');
  // Most are releases in their full form. In njs, a regular expression takes several times as long as this.
  if (parts.length === 3 && text.indexOf('-') < 0 && text.indexOf('+') < 0)
    return { major: parts[0] as string, minor: parts[1] as string, patch: parts[2] as string, pre: '', build: '' };
  const parsed = parseVersion(text);
  if (!parsed.ok) throw new Error(`the index holds a version that is none: ${text}`);
  return parsed.version;
}

/**
 * Semantic-version precedence (semver.org, 11); build metadata doesn't count. As in the registry, a numeric
 * pre-release identifier beyond 2^64-1 counts as text.
 */
export function compareVersions(a: Version, b: Version): -1 | 0 | 1 {
  return (
    compareNumbers(a.major, b.major) ||
    compareNumbers(a.minor, b.minor) ||
    compareNumbers(a.patch, b.patch) ||
    comparePre(a.pre, b.pre)
  );
}

/**
 * Compares like `compareVersions`. If versions differ only in build metadata, the one whose metadata sorts last is the
 * newer.
 */
export function compareRevisionVersions(a: Version, b: Version): -1 | 0 | 1 {
  return compareVersions(a, b) || compareAscii(a.build, b.build);
}

/**
 * The full form: all three numbers, then `-` and the pre-release if there is one, then `+` and the build metadata if
 * there is some.
 */
export function formatVersion(v: Version): string {
  const pre = v.pre === '' ? '' : `-${v.pre}`;
  const build = v.build === '' ? '' : `+${v.build}`;
  return `${v.major}.${v.minor}.${v.patch}${pre}${build}`;
}

function refused(error: string): ParsedVersion {
  return { ok: false, error };
}

/** Go's words for a number of more than 64 bits. */
function outOfRange(digits: string): string {
  return `error parsing version segment: strconv.ParseUint: parsing "${digits}": value out of range`;
}

function toVersion(numbers: readonly string[], pre: string, build: string): Version {
  return { major: numbers[0] || '0', minor: numbers[1] || '0', patch: numbers[2] || '0', pre, build };
}

/** The text after the delimiter of an optional part; '' if the part is missing. */
function tail(part: string | undefined): string {
  return part === undefined ? '' : part.slice(1);
}

function withoutLeadingZeros(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits.charAt(start) === '0') start++;
  return digits.slice(start);
}

/** Whether an identifier of digits has a leading zero. `00a` is text, which may begin with zeros. */
function hasLeadingZero(pre: string): boolean {
  const identifiers = pre.split('.');
  for (let i = 0; i < identifiers.length; i++) {
    const identifier = identifiers[i] || '';
    if (identifier.length > 1 && identifier.charAt(0) === '0' && isDigits(identifier)) return true;
  }
  return false;
}

function comparePre(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  if (a === '') return 1;
  if (b === '') return -1;
  const as = a.split('.');
  const bs = b.split('.');
  for (let i = 0; i < as.length && i < bs.length; i++) {
    const order = compareIdentifiers(as[i] || '', bs[i] || '');
    if (order !== 0) return order;
  }
  return as.length < bs.length ? -1 : 1;
}

function compareIdentifiers(a: string, b: string): -1 | 0 | 1 {
  const aIsNumber = isNumber(a);
  if (aIsNumber !== isNumber(b)) return aIsNumber ? -1 : 1;
  return aIsNumber ? compareNumbers(a, b) : compareAscii(a, b);
}

function isNumber(identifier: string): boolean {
  return isDigits(identifier) && compareNumbers(identifier, largestNumber) <= 0;
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return true;
}

/** Compares decimal texts without leading zeros. */
export function compareNumbers(a: string, b: string): -1 | 0 | 1 {
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  return compareAscii(a, b);
}

function compareAscii(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
