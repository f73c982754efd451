import * as fc from 'fast-check';
import { compare } from 'semver';
import { expect, test } from 'vitest';
import { compileConstraint } from '../../src/package/constraint-compile.ts';
import { accepts } from '../../src/core/constraint.ts';
import type { Constraint, Interval } from '../../src/core/constraint.ts';
import { compareRevisionVersions, compareVersions, formatVersion, parseVersion } from '../../src/core/version.ts';
import type { Version } from '../../src/core/version.ts';

/** A comparison as a person would think of it; `numbers` are those before the first wildcard or missing one. */
interface Comparison {
  readonly operator: string;
  readonly numbers: readonly number[];
  readonly pre: string;
  readonly text: string;
}

const number = fc.oneof(
  { weight: 9, arbitrary: fc.nat(3) },
  { weight: 1, arbitrary: fc.constantFrom(9, 10, 8_000_000) },
);
const pre = fc.constantFrom('', '', '-0', '-a', '-a.0', '-a.1', '-rc1', '-rc.2', '-rc.10');
const numbers = fc.array(number, { maxLength: 3 });
const fullVersion = fc
  .tuple(number, number, number, pre)
  .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre}`);
const anyVersion = fc
  .tuple(fc.bigInt(0n, 2n ** 64n - 1n), number, number, pre, fc.constantFrom('', '+b', '+01', '+b.c-d'))
  .map(([major, minor, patch, pre, build]) => read(`${major}.${minor}.${patch}${pre}${build}`));
const space = fc.constantFrom('', '', ' ', '\t', '  ');
const comparison = fc
  .record({
    operator: fc.constantFrom('', '=', '!=', '>', '<', '>=', '=>', '<=', '=<', '~', '~>', '^'),
    numbers,
    pre,
    space,
    v: fc.constantFrom('', 'v'),
    wildcards: fc.array(fc.constantFrom('x', 'X', '*'), { maxLength: 3 }),
  })
  .map(({ operator, numbers, pre, space, v, wildcards }): Comparison => {
    const parts = [...numbers, ...wildcards].slice(0, 3);
    const text = `${operator}${space}${v}${parts.length === 0 ? '*' : parts.join('.')}${pre}`;
    return { operator, numbers, pre, text };
  });
const alternatives = fc.array(fc.array(comparison, { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 4,
});

test('accepts what the contract says', () => {
  fc.assert(
    fc.property(alternatives, fc.array(fullVersion, { minLength: 20, maxLength: 20 }), (alternatives, versions) => {
      const compiled = compiledOf(textOf(alternatives));
      const wrong = versions.filter((version) => accepts(compiled, read(version)) !== holds(alternatives, version));
      expect(wrong).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

/** Alternatives that are about few versions, and often about the same pre-releases of any patch. */
const holes = fc
  .record({
    operator: fc.constantFrom('!=', '!=', '!=', '=', '>', '>=', '<', '^', '~'),
    numbers: fc.array(fc.constantFrom(1, 2), { minLength: 2, maxLength: 3 }),
    pre: fc.constantFrom('', '-a', '-a.0', '-a.0.0'),
  })
  .map(({ operator, numbers, pre }): Comparison => {
    return { operator, numbers, pre, text: `${operator}${numbers.join('.')}${pre}` };
  });

test('accepts what the contract says where a constraint has holes', () => {
  const versions = [1, 2].flatMap((minor) =>
    [0, 1, 2, 3, 9].flatMap((patch) =>
      ['', '-0', '-a', '-a.0', '-a.0.0', '-a.1', '-b'].map((pre) => `1.${minor}.${patch}${pre}`),
    ),
  );
  const lists = fc.array(fc.array(holes, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
  let withHoles = 0;
  fc.assert(
    fc.property(lists, (alternatives) => {
      const compiled = compiledOf(textOf(alternatives));
      if (compiled.holes) withHoles++;
      const wrong = versions.filter((version) => accepts(compiled, read(version)) !== holds(alternatives, version));
      expect(wrong).toEqual([]);
      expect(compiledOf(textOf(alternatives.toReversed()))).toEqual(compiled);
    }),
    { numRuns: 1000 },
  );
  expect(withHoles).toBeGreaterThan(100);
});

test('intervals are sorted, apart and not empty', () => {
  fc.assert(
    fc.property(alternatives, (alternatives) => {
      const { releases, prereleases } = compiledOf(textOf(alternatives));
      expect([...releases, ...prereleases].filter((one) => !isOrdered(one))).toEqual([]);
      for (const list of [releases, prereleases]) {
        const gaps = list.slice(1).map((one, i) => gapBetween(list[i] ?? one, one));
        expect(gaps.filter((gap) => !isOrdered(gap))).toEqual([]);
      }
    }),
  );
});

test('neither the order of the alternatives nor one more of the same changes the compiled form', () => {
  fc.assert(
    fc.property(alternatives, (alternatives) => {
      const compiled = compiledOf(textOf(alternatives));
      expect(compiledOf(textOf(alternatives.toReversed()))).toEqual(compiled);
      expect(compiledOf(textOf([...alternatives, ...alternatives]))).toEqual(compiled);
      expect(compiledOf(textOf(alternatives.map((one) => one.toReversed())))).toEqual(compiled);
    }),
  );
});

test('build metadata never changes acceptance', () => {
  fc.assert(
    fc.property(alternatives, fullVersion, (alternatives, version) => {
      const plain = compiledOf(textOf(alternatives));
      const built = compiledOf(textOf(alternatives.map((one) => one.map(withBuild))));
      expect(built).toEqual(plain);
      expect(accepts(plain, read(`${version}+b.01`))).toBe(accepts(plain, read(version)));
    }),
  );
});

test.each([
  ['compareVersions', compareVersions],
  ['compareRevisionVersions', compareRevisionVersions],
])('%s is a total order', (_, order) => {
  fc.assert(
    fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
      expect(order(a, a)).toBe(0);
      expect(order(a, b) + order(b, a)).toBe(0);
      const [low, middle, high] = [a, b, c].sort(order) as [Version, Version, Version];
      expect(Math.max(order(low, middle), order(middle, high), order(low, high))).toBeLessThanOrEqual(0);
    }),
  );
});

test('compares as npm does where a number is small enough for it', () => {
  fc.assert(
    fc.property(fullVersion, fullVersion, (a, b) => {
      expect(compareVersions(read(a), read(b))).toBe(compare(a, b));
    }),
  );
});

test('the full form reads as the version it was made of', () => {
  fc.assert(
    fc.property(anyVersion, (version) => {
      expect(read(formatVersion(version))).toEqual(version);
    }),
  );
});

test('any text is read or refused', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'0123456789xX*.-+|<>=~^!, va\t\n') }),
    fc.string({ unit: 'binary', maxLength: 600 }),
  );
  fc.assert(
    fc.property(text, fullVersion, (text, version) => {
      const parsed = parseVersion(text);
      if (parsed.ok) expect(read(formatVersion(parsed.version))).toEqual(parsed.version);
      const compiled = compileConstraint(text);
      if (compiled) accepts(compiled, read(version));
    }),
    { numRuns: 2000 },
  );
});

/** The contract's section "Version constraints", word for word, with npm's order and no intervals. */
function holds(alternatives: readonly Comparison[][], version: string): boolean {
  return alternatives.some((comparisons) => {
    const isOpen = !version.includes('-') || comparisons.some(({ pre }) => pre !== '');
    return isOpen && comparisons.every((one) => isMet(one, version));
  });
}

function isMet(one: Comparison, version: string): boolean {
  const { operator, numbers, pre } = one;
  const order = compare(version, [...numbers, 0, 0, 0].slice(0, 3).join('.') + pre);
  const own = version.split(/[.-]/, 3).map(Number);
  const isSame = (count: number) => own.slice(0, count).join() === [...numbers, 0, 0, 0].slice(0, count).join();
  const isWithin = numbers.length % 3 !== 0 && isSame(numbers.length);
  switch (operator) {
    case '!=':
      if (numbers.length === 2) return !isWithin || partOf(version) !== pre;
      return order !== 0 && !isWithin;
    case '>':
      return order > 0 && !isWithin;
    case '<':
      return order < 0;
    case '>=':
    case '=>':
      return order >= 0;
    case '<=':
    case '=<':
      return order <= 0 || isWithin || (numbers.length === 0 && isSame(2));
    case '^':
      return order >= 0 && isSame(caretDepth(numbers));
    case '':
    case '=':
      return numbers.length === 3 ? order === 0 : isTilde(numbers, order, isSame);
    default:
      return isTilde(numbers, order, isSame);
  }
}

/** The pre-release part of a version, with its hyphen. */
function partOf(version: string): string {
  return version.slice(version.split('-', 1)[0]?.length);
}

function isTilde(numbers: readonly number[], order: number, isSame: (count: number) => boolean): boolean {
  const isOpen = numbers.length === 0 || numbers.join('.') === '0.0.0';
  return order >= 0 && (isOpen || isSame(Math.min(2, numbers.length)));
}

/** How many numbers a caret holds fast: up to the first that isn't 0, or the last that is given. */
function caretDepth(numbers: readonly number[]): number {
  const first = numbers.findIndex((number) => number !== 0);
  return first === -1 ? numbers.length || 3 : first + 1;
}

function textOf(alternatives: readonly Comparison[][]): string {
  return alternatives.map((comparisons) => comparisons.map(({ text }) => text).join(', ')).join(' || ');
}

function withBuild(one: Comparison): Comparison {
  return { ...one, text: `${one.text}+b.1` };
}

function compiledOf(text: string): Constraint {
  const compiled = compileConstraint(text);
  if (!compiled) throw new Error(`refused: ${text}`);
  return compiled;
}

function read(text: string): Version {
  const parsed = parseVersion(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`);
  return parsed.version;
}

/** Whether there is a version in it. */
function isOrdered([low, lowIncluded, high, highIncluded]: Interval): boolean {
  if (low === '' || high === '') return true;
  const order = compareVersions(read(low), read(high));
  return order < 0 || (order === 0 && lowIncluded + highIncluded === 2);
}

/** Bounds that are missing here are bounds that the intervals don't share. */
function gapBetween(left: Interval, right: Interval): Interval {
  const [, , low, isLowTaken] = left;
  const [high, isHighTaken] = right;
  if (low === '' || high === '') return ['1.0.0', 0, '1.0.0', 0];
  return [low, isLowTaken === 1 ? 0 : 1, high, isHighTaken === 1 ? 0 : 1];
}
