import { describe, expect, test } from 'vitest';
import { compileConstraint } from '../../src/package/constraint-compile.ts';
import { accepts } from '../../src/core/constraint.ts';
import type { Constraint } from '../../src/core/constraint.ts';
import { parseVersion } from '../../src/core/version.ts';
import { recordedRows } from '../support/recorded.ts';

interface Row {
  readonly constraint: string;
  readonly error?: true;
  readonly accepts?: readonly string[];
  readonly rejects?: readonly string[];
}

function isAccepted(constraint: Constraint, text: string): boolean {
  const parsed = parseVersion(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`);
  return accepts(constraint, parsed.version);
}

/** Which of the versions, in their order, the constraint accepts; undefined where it is refused. */
function acceptedOf(text: string, versions: string): string | undefined {
  const constraint = compileConstraint(text);
  if (!constraint) return undefined;
  return versions
    .split(' ')
    .filter((version) => isAccepted(constraint, version))
    .join(' ');
}

function mismatches(row: Row): string[] {
  const constraint = compileConstraint(row.constraint);
  if (!constraint || row.error) return !constraint === (row.error ?? false) ? [] : [row.constraint];
  const wrong = [
    ...(row.accepts ?? []).filter((version) => !isAccepted(constraint, version)),
    ...(row.rejects ?? []).filter((version) => isAccepted(constraint, version)),
  ];
  return wrong.map((version) => `${row.constraint} <> ${version}`);
}

test('recorded constraints', () => {
  const rows = recordedRows<Row>('rules/constraints');
  expect(rows.length).toBe(6000);
  expect(rows.flatMap(mismatches)).toEqual([]);
});

const releases = '0.0.0 0.0.5 0.3.0 1.0.0 1.2.0 1.2.3 1.2.4 1.3.0 2.0.0 2.0.1 3.0.0 4.5.0';

describe('releases', () => {
  test.each([
    ['>= 1.2.3', '1.2.3 1.2.4 1.3.0 2.0.0 2.0.1 3.0.0 4.5.0'],
    ['>=v1.2.3', '1.2.3 1.2.4 1.3.0 2.0.0 2.0.1 3.0.0 4.5.0'],
    ['=>1.2.3', '1.2.3 1.2.4 1.3.0 2.0.0 2.0.1 3.0.0 4.5.0'],
    ['=<1', '0.0.0 0.0.5 0.3.0 1.0.0 1.2.0 1.2.3 1.2.4 1.3.0'],
    ['~>1', '1.0.0 1.2.0 1.2.3 1.2.4 1.3.0'],
    ['1.2.3 - 2', '1.2.3 1.2.4 1.3.0 2.0.0 2.0.1'],
    ['1\t-\n2', '1.0.0 1.2.0 1.2.3 1.2.4 1.3.0 2.0.0 2.0.1'],
    ['1 - x', ''],
    ['x - 2', '0.0.0 0.0.5 0.3.0 1.0.0 1.2.0 1.2.3 1.2.4 1.3.0 2.0.0 2.0.1'],
    ['^x', '0.0.0'],
    ['>x', releases.replace('0.0.0 ', '')],
    ['<x', ''],
    ['<=x', '0.0.0 0.0.5'],
    ['!=x', releases.replace('0.0.0 ', '')],
    ['~0.0.0', releases],
    ['~0.0', '0.0.0 0.0.5'],
    ['~0', '0.0.0 0.0.5 0.3.0'],
    ['^0.0.5', '0.0.5'],
    ['!=1.2', '0.0.0 0.0.5 0.3.0 1.0.0 1.3.0 2.0.0 2.0.1 3.0.0 4.5.0'],
    ['1.2.3+b', '1.2.3'],
    ['1.2+b', '1.2.0 1.2.3 1.2.4'],
    ['> \n1', '2.0.0 2.0.1 3.0.0 4.5.0'],
    ['>18446744073709551615', ''],
    ['>1.18446744073709551615', '2.0.0 2.0.1 3.0.0 4.5.0'],
    ['<=1.18446744073709551615', '0.0.0 0.0.5 0.3.0 1.0.0 1.2.0 1.2.3 1.2.4 1.3.0'],
    ['!=1.2.18446744073709551615', releases],
    ['0000000000000000000000001', '1.0.0 1.2.0 1.2.3 1.2.4 1.3.0'],
  ])('of %j', (text, accepted) => expect(acceptedOf(text, releases)).toBe(accepted));

  test.each(['1.x.5', '1.X.1x', '1.*.99999999999999999999', `1.x+${'b'.repeat(300)}`])(
    'what follows a wildcard does not count: %j',
    (text) => expect(compileConstraint(text)).toEqual(compileConstraint('1')),
  );
});

describe('prereleases', () => {
  const versions =
    '0.0.0-0 0.0.0-rc1 0.0.5-rc1 0.3.0-rc1 1.0.0-rc1 1.2.0-rc1 1.2.3-rc1 1.2.4-rc1 1.3.0-0 1.3.0-rc1 2.0.0-0 2.0.1-rc1';

  test.each([
    ['8.x-rc1', ''],
    ['1.x-rc1', '1.0.0-rc1 1.2.0-rc1 1.2.3-rc1 1.2.4-rc1 1.3.0-0 1.3.0-rc1'],
    ['*-0', versions],
    ['x-0', versions],
    ['>x-rc1', '0.0.5-rc1 0.3.0-rc1 1.0.0-rc1 1.2.0-rc1 1.2.3-rc1 1.2.4-rc1 1.3.0-0 1.3.0-rc1 2.0.0-0 2.0.1-rc1'],
    ['^x-rc1', '0.0.0-rc1'],
    ['<=x-rc1', '0.0.0-0 0.0.0-rc1 0.0.5-rc1'],
    ['>1.2-rc1', '1.3.0-0 1.3.0-rc1 2.0.0-0 2.0.1-rc1'],
    ['<1.3-rc1', '0.0.0-0 0.0.0-rc1 0.0.5-rc1 0.3.0-rc1 1.0.0-rc1 1.2.0-rc1 1.2.3-rc1 1.2.4-rc1 1.3.0-0'],
    ['<=1.2-rc1', '0.0.0-0 0.0.0-rc1 0.0.5-rc1 0.3.0-rc1 1.0.0-rc1 1.2.0-rc1 1.2.3-rc1 1.2.4-rc1'],
    ['^0.0.5-rc1', '0.0.5-rc1'],
    ['~1.2.3-rc1', '1.2.3-rc1 1.2.4-rc1'],
    ['^1.2.3-rc1', '1.2.3-rc1 1.2.4-rc1 1.3.0-0 1.3.0-rc1'],
    ['>=1.0.0-0 <2.0.0', '1.0.0-rc1 1.2.0-rc1 1.2.3-rc1 1.2.4-rc1 1.3.0-0 1.3.0-rc1 2.0.0-0'],
    ['>=1.0.0 <2.0.0 || =2.0.1-rc1', '2.0.1-rc1'],
    ['>1, >0-0', '2.0.0-0 2.0.1-rc1'],
    ['!=1, >0-0', '2.0.0-0 2.0.1-rc1'],
    ['!=1.2, >0-0', '1.0.0-rc1 1.2.0-rc1 1.2.3-rc1 1.2.4-rc1 1.3.0-0 1.3.0-rc1 2.0.0-0 2.0.1-rc1'],
    ['1-2 - 3', '1.0.0-rc1 1.2.0-rc1 1.2.3-rc1 1.2.4-rc1 1.3.0-0 1.3.0-rc1 2.0.0-0 2.0.1-rc1'],
    ['1.2.3-rc1+b', '1.2.3-rc1'],
    ['!=1.2-rc1', versions.replace('1.2.0-rc1 1.2.3-rc1 1.2.4-rc1 ', '')],
    ['!=1.2.x-rc1', versions.replace('1.2.0-rc1 1.2.3-rc1 1.2.4-rc1 ', '')],
    ['!=1.2.3-rc1', versions.replace('1.2.3-rc1 ', '')],
    ['!=1.2-rc1 || =1.2.3-rc1', versions.replace('1.2.0-rc1 ', '').replace('1.2.4-rc1 ', '')],
    ['!=1.2-rc1 || <1.2.4-0', versions.replace('1.2.4-rc1 ', '')],
    ['!=1.2-rc1 || !=1.2-rc2', versions],
    ['!=1.2-rc1, !=0.0-rc1', '0.0.0-0 0.3.0-rc1 1.0.0-rc1 1.3.0-0 1.3.0-rc1 2.0.0-0 2.0.1-rc1'],
    ['!=1-rc1', '0.0.0-0 0.0.0-rc1 0.0.5-rc1 0.3.0-rc1 2.0.0-0 2.0.1-rc1'],
  ])('of %j', (text, accepted) => expect(acceptedOf(text, versions)).toBe(accepted));
});

describe('grammar', () => {
  test.each([
    ['', '  ', '\t', '|', '||', 'x||', '1.2.3 || ', ',1', '1,', '1,,2', '1, ,2', '1\v', '1\u00a0', '1\0'],
    ['1x', 'xx', 'x1', '1.xx', '1.2.x1', '1..2', '1.', 'v', 'Vx', 'vv1', '1.2.3.4', 'latest', 'é'],
    ['&&', '1 && 2', '==1', '!1', '<>1', '~ >1', '> =1', '=>=1', '>1<2'],
    ['1.2.3-01', 'x-01', '1-', '1+', '1 -2', '1- 2', '1 - 2 - 3', '1 - 2!', '1 - 2-', '>1 - 2', '>=1 2 - 3'],
    ['99999999999999999999', '1.99999999999999999999.x', '1.2.99999999999999999999', '1|2'],
  ])('refuses %j and its like', (...texts) => {
    expect(texts.filter((text) => compileConstraint(text) !== undefined)).toEqual([]);
  });

  test.each([
    [' 1 , 2', '1,2'],
    ['1,\t2', '1 2'],
    ['>=1, 2 - 3', '>=1,>=2,<=3'],
    ['1 - 2 3', '>=1 <=2 3'],
    ['1 - 2!=1.3', '>=1 <=2 !=1.3'],
    ['1 - 2||3', '1 - 2 || 3'],
    ['1 - 2 || 3 - 4', '>=1 <=2 || >=3 <=4'],
    ['1||2 - 3', '>=1 || 2 <=3'],
    ['x.1|2', '*'],
  ])('reads %j as %j', (text, same) => {
    expect(compileConstraint(text)).toBeDefined();
    expect(compileConstraint(text)).toEqual(compileConstraint(same));
  });

  test.each(['1 ||2 - 3', '1 - 2 ||3 - 4', '^1||2 - 3', '1.2||2.0.0 - 3'])(
    'takes bars right before a range for part of its number: %j',
    (text) => expect(compileConstraint(text)).toBeUndefined(),
  );

  test.each([
    ['characters', `1${' '.repeat(511)}`, `1${' '.repeat(512)}`],
    ['characters as written', `1 - 2${', 1 - 2'.repeat(72)}`, `1 - 2${', 1 - 2'.repeat(73)}`],
    ['alternatives', `1${'||1'.repeat(31)}`, `1${'||1'.repeat(32)}`],
    ['of a version', `v1.2.3-${'a'.repeat(249)}`, `v1.2.3-${'a'.repeat(250)}`],
    ['of a version in full', `v1-${'a'.repeat(250)}`, `v1-${'a'.repeat(251)}`],
  ])('has a limit: %s', (_, longest, tooLong) => {
    expect(compileConstraint(longest)).toBeDefined();
    expect(compileConstraint(tooLong)).toBeUndefined();
  });
});

describe('compiled form', () => {
  test.each([
    ['^8.2.0', { releases: [['8.2.0', 1, '9.0.0', 0]], prereleases: [] }],
    ['^7.17.0 || ^8.0.0', { releases: [['7.17.0', 1, '9.0.0', 0]], prereleases: [] }],
    ['1.2.3', { releases: [['1.2.3', 1, '1.2.4', 0]], prereleases: [] }],
    ['*', { releases: [['', 0, '', 0]], prereleases: [] }],
    ['>=0-0', { releases: [['', 0, '', 0]], prereleases: [['', 0, '', 0]] }],
    ['<x', { releases: [], prereleases: [] }],
    ['>=8.0.0-rc1', { releases: [['8.0.0', 1, '', 0]], prereleases: [['8.0.0-rc1', 1, '', 0]] }],
    ['<=8.0.0-rc1', { releases: [['', 0, '8.0.0', 0]], prereleases: [['', 0, '8.0.0-rc1', 1]] }],
    ['>8.0.0-a <9', { releases: [['8.0.0', 1, '9.0.0', 0]], prereleases: [['8.0.0-a', 0, '9.0.1-0', 0]] }],
    [
      '1 || 3',
      {
        releases: [
          ['1.0.0', 1, '2.0.0', 0],
          ['3.0.0', 1, '4.0.0', 0],
        ],
        prereleases: [],
      },
    ],
  ])('of %j', (text, compiled) => expect(compileConstraint(text)).toEqual(compiled));

  test.each([
    ['>1.2.3', '>=1.2.4'],
    ['^1 || ^2', '>=1 <3'],
    ['3 || 1 || 2', '1 - 3'],
    ['<1.2.3 || 1.2.3 || >1.2.3', '*'],
    ['<=1.2.18446744073709551615', '<1.3'],
    ['<=1.0.0-a || >=1.0.0-a.0', '>=0-0'],
    ['>=1.0.0-a.0', '>1.0.0-a'],
  ])('%j is %j', (text, same) => expect(compileConstraint(text)).toEqual(compileConstraint(same)));

  test('has only bounds that can be read, however long the constraint', () => {
    const version = `1.2.3-${'a'.repeat(250)}`;
    expect(acceptedOf(`<=${version}`, `${version} 1.2.3-b`)).toBe(version);
    expect(acceptedOf(`>${version}`, `${version} 1.2.3-b`)).toBe('1.2.3-b');
  });

  test('an index with a broken bound is not taken for an answer', () => {
    const broken: Constraint = { releases: [['8', 1, '9.x', 0]], prereleases: [] };
    expect(() => isAccepted(broken, '8.0.0')).toThrow('the index holds a version that is none: 9.x');
  });
});

describe('holes', () => {
  const most = '18446744073709551615';

  test.each([
    ['!=1.2-rc1', [['1.2', 'rc1', '0', most]]],
    ['!=1.2-rc1+b', [['1.2', 'rc1', '0', most]]],
    ['!=1.2-rc1, >=1.2.3', [['1.2', 'rc1', '4', most]]],
    [
      '!=1.2-rc1 || =1.2.3-rc1',
      [
        ['1.2', 'rc1', '0', '2'],
        ['1.2', 'rc1', '4', most],
      ],
    ],
    ['!=1.2-rc1 || *-0', undefined],
    ['!=1.2-rc1 >2', undefined],
    [`!=1.2-${'a'.repeat(250)}`, [['1.2', 'a'.repeat(250), '0', most]]],
  ])('of %j', (text, holes) => expect(compileConstraint(text)?.holes).toEqual(holes));

  test('a version is in one whatever its length', () => {
    const constraint = compileConstraint(`!=1.2-${'a'.repeat(234)}`) as Constraint;
    expect(isAccepted(constraint, `1.2.1844674407370955161-${'a'.repeat(232)}`)).toBe(true);
    expect(isAccepted(constraint, `1.2.18446744073709551-${'a'.repeat(234)}`)).toBe(false);
  });
});
