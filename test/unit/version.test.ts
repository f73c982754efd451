import { describe, expect, test } from 'vitest';
import {
  compareRevisionVersions,
  compareVersions,
  formatVersion,
  parseStrictVersion,
  parseVersion,
} from '../../src/core/version.ts';
import type { Version } from '../../src/core/version.ts';
import { recordedRows } from '../support/recorded.ts';

interface VersionRow {
  readonly version: string;
  readonly is?: string;
  readonly strict?: true;
  readonly error?: string;
}

interface OrderRow {
  readonly a: string;
  readonly b: string;
  readonly order: -1 | 0 | 1;
}

const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
const outOfRange = (digits: string) =>
  `error parsing version segment: strconv.ParseUint: parsing "${digits}": value out of range`;

function loose(text: string): Version {
  const parsed = parseVersion(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`);
  return parsed.version;
}

function outcome(text: string): string {
  const parsed = parseVersion(text);
  return parsed.ok ? formatVersion(parsed.version) : parsed.error;
}

describe('recorded', () => {
  const rows = recordedRows<VersionRow>('rules/versions');

  test('loose versions', () => {
    const wrong = rows.filter((row) => outcome(bytes(row.version)) !== (row.is ?? row.error));
    expect(rows.length).toBe(2000);
    expect(wrong).toEqual([]);
  });

  test('strict versions', () => {
    const wrong = rows.filter((row) => {
      const version = parseStrictVersion(bytes(row.version));
      return row.strict ? !version || formatVersion(version) !== row.is : version !== undefined;
    });
    expect(wrong).toEqual([]);
  });

  test('order', () => {
    const wrong = recordedRows<OrderRow>('rules/order').filter(
      ({ a, b, order }) =>
        compareVersions(loose(a), loose(b)) !== order || compareVersions(loose(b), loose(a)) !== 0 - order,
    );
    expect(wrong).toEqual([]);
  });
});

describe('parseVersion', () => {
  test('gives the parts without leading zeros', () => {
    expect(loose('v01.002.000-rc.1+b.01')).toEqual({
      major: '1',
      minor: '2',
      patch: '0',
      pre: 'rc.1',
      build: 'b.01',
    });
  });

  test.each([
    ['00000000000000000000099.01.1', '99.1.1'],
    ['000018446744073709551615', '18446744073709551615.0.0'],
    ['1.2.3-99999999999999999999', '1.2.3-99999999999999999999'],
    ['1.2.3-00a', '1.2.3-00a'],
    ['1.2.3+a-b', '1.2.3+a-b'],
    [`1.2.3-${'a'.repeat(250)}`, `1.2.3-${'a'.repeat(250)}`],
  ])('accepts %s', (text, full) => expect(outcome(text)).toBe(full));

  test.each([
    ['1.99999999999999999999', outOfRange('99999999999999999999')],
    ['1.2.99999999999999999999-rc', outOfRange('99999999999999999999')],
    ['000099999999999999999999', outOfRange('000099999999999999999999')],
    ['99999999999999999999.99999999999999999998.0', outOfRange('99999999999999999999')],
    ['99999999999999999999.0.0-01', outOfRange('99999999999999999999')],
    ['1.2.3-a.01', 'version segment starts with 0'],
    ['1.2.3-+b', 'invalid semantic version'],
    ['1.2.3-a_b', 'invalid semantic version'],
    ['1.2.3\n', 'invalid semantic version'],
    ['1.2.3-a\n', 'invalid semantic version'],
    [bytes('é'.repeat(128)), 'invalid semantic version'],
    [bytes('é'.repeat(129)), 'version string is too long (max 256 bytes)'],
    ['1'.repeat(257), 'version string is too long (max 256 bytes)'],
    [' '.repeat(257), 'version string is too long (max 256 bytes)'],
  ])('refuses %j', (text, error) => expect(outcome(text)).toBe(error));
});

test('only the full form is strict', () => {
  const texts = ['1.2.3-rc.1+01', '1.2', 'v1.2.3', '1.2.03', '1.2.3-01', '', '18446744073709551616.0.0'];
  expect(texts.filter((text) => parseStrictVersion(text) !== undefined)).toEqual(['1.2.3-rc.1+01']);
});

describe('compareVersions', () => {
  test.each([
    [
      'the chain of semver.org',
      '1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0',
    ],
    ['numbers beyond 2^53', '9007199254740992.0.0 9007199254740993.0.0 18446744073709551615.0.0'],
    ['numbers before text', '1.2.3-0 1.2.3-9 1.2.3-10 1.2.3-- 1.2.3-A 1.2.3-a 1.2.3-a.0 1.2.3-a-'],
    [
      'identifiers beyond 2^64 as text',
      '1.2.3-9 1.2.3-18446744073709551615 1.2.3-100000000000000000000 1.2.3-99999999999999999999 1.2.3-a',
    ],
  ])('%s', (_, chain) => {
    const versions = chain.split(' ').map(loose);
    expect(versions.toSorted(compareVersions).map(formatVersion).join(' ')).toBe(chain);
    expect(versions.toReversed().sort(compareVersions).map(formatVersion).join(' ')).toBe(chain);
  });

  test('build metadata only counts between revisions', () => {
    const chain = ['1.0.0-rc+z', '1.0.0', '1.0.0+10', '1.0.0+9', '1.0.0+a', '1.0.0+a.b', '1.0.1'];
    const sorted = chain.toReversed().map(loose).sort(compareRevisionVersions);
    expect(sorted.map(formatVersion)).toEqual(chain);
    expect(compareVersions(loose('1.0.0+a'), loose('1.0.0+b'))).toBe(0);
  });
});
