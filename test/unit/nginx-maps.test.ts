import { describe, expect, test } from 'vitest';
import { asByteString } from '../../src/tree/byte-string.ts';
import type { Answers, Columns, Cut } from '../../src/core/columns.ts';
import { kibanaClass, packageSubject, precomputedAnswer, subjectCount } from '../../src/core/precomputed.ts';
import { parseStrictVersion } from '../../src/core/version.ts';
import { variableOf } from '../../src/hosts/nginx/blocks.ts';
import { mapsConf } from '../../src/hosts/nginx/maps.ts';
import { queryOf } from '../support/registry.ts';

test('variables of different distributions differ', () => {
  const names = ['a', 'A', 'a.b', 'a-b', 'a_b', 'a_2eb', '7.9.0'];
  const variables = names.map((name) => variableOf(name, 'x'));
  expect(new Set(variables).size).toBe(names.length);
  for (const variable of variables) expect(variable).toMatch(/^\$[A-Za-z0-9_]+$/);
});

const index = { columns: 'columns-0.json', rows: 'rows-0.txt' };

describe.each([
  ['none', []],
  ['between minor versions', ['7.9.0', '8.0.0', '8.11.0', '9.0.0', '10.0.0', '10.2.0']],
  ['inside minor versions', ['7.9.1', '7.9.3', '8.0.0', '8.5.0', '8.5.2 behind', '8.17.0 behind', '9.29.7']],
  ['at pre-releases', ['8.0.0-rc1', '8.0.0-rc2 behind', '8.1.0-0', '8.1.0 behind']],
  [
    'far behind',
    ['8.5.51', '8.5.255 behind', '8.6.256', '8.7.999 behind', '8.8.18446744073709551615', '8.256.0', '12.0.0'],
  ],
  ['beyond all addresses', ['29.9.9', '30.0.0', '400.0.0']],
  ['more than there are numbers', Array.from({ length: 300 }, (_, i) => `8.${Math.floor(i / 3)}.${(i % 3) * 5}`)],
] as [string, string[]][])('cuts %s', (_, written) => {
  const columns = columnsOf(written.map((cut) => [cut.split(' ')[0], cut.endsWith('behind') ? 1 : 0] as Cut));
  const maps = parse(mapsConf('d', columns, index));

  test('every version that the rules know has the answers of its class', () => {
    let known = 0;
    for (const version of [...versions(), undefined]) {
      const number = classOf(maps, version);
      if (number === '256') continue;
      known++;
      const kibana = version === undefined ? undefined : parseStrictVersion(version);
      const expected = `0-${kibanaClass(columns.answers, kibana)}`;
      expect([version, find(maps, 'search', `0.0.0.${number}`)]).toEqual([version, expected]);
    }
    expect(known).toBeGreaterThan(written.length > 255 ? 900 : 2900);
  });

  test.each([
    ['search', '//', '//', ''],
    ['search', 'true/2.3/3.4', '//', 'prerelease=true&spec.min=2.3&spec.max=3.4'],
    ['search', 'false//', 'security//', 'category=security'],
    ['search', '/2.3/3.0', '/nginx/', 'package=nginx&spec.min=2.3&spec.max=3.0'],
    ['search', 'true/2.3/3.6', '/nginx/', 'package=nginx&prerelease=true&spec.min=2.3&spec.max=3.6'],
    ['search', 'true/2.3/', '//', 'prerelease=true&spec.min=2.3'],
    ['search', '/2.3/4.0', '//', 'spec.min=2.3&spec.max=4.0'],
    ['search', '/2.0/40.1', '//', 'spec.min=2.0&spec.max=40.1'],
    ['search', '/2.3/3.255', '//', 'spec.min=2.3&spec.max=3.255'],
    ['search', '/3.0/3.255', '//', 'spec.min=3.0&spec.max=3.255'],
    ['search', '/0.0/3.255', '//', 'spec.min=0.0&spec.max=3.255'],
    ['search', '/1.1/3.1', '//', 'spec.min=1.1&spec.max=3.1'],
    ['search', '//3.4', '/nginx/', 'package=nginx&spec.max=3.4'],
    ['search', '/2.4/3.4', '//', 'spec.min=2.4&spec.max=3.4'],
    ['search', '//', 'security/nginx/', 'category=security&package=nginx'],
    ['search', '//', '//content', 'type=content'],
    ['search', '//', 'security//content', 'category=security&type=content'],
    ['search', '//', '/nosuch/', 'package=nosuch'],
    ['search', '//', 'nosuch//', 'category=nosuch'],
  ] as const)('%s: %s %s', (endpoint, kind, subject, query) => {
    const address = `${rowOf(maps, 'search_subject', subject)}.${kindOf(maps, kind)}`;
    for (const version of ['8.5.2', '9.1.0', '10.2.0', '11.0.0', '40.300.1', '255.0.0', '999.0.0']) {
      const number = classOf(maps, version);
      if (number === '256') continue;
      const expected = precomputedAnswer(columns, queryOf(endpoint, `${query}&kibana.version=${version}`))?.digest;
      expect(find(maps, endpoint, `${address}.${number}`)).toBe(expected ?? '');
    }
  });
});

test('a question without a precomputed answer is left to the code', () => {
  const columns = columnsOf([['8.0.0', 0]]);
  const answers = { ...columns.answers, runs: [[0, -1, 1, 0]], places: columns.answers.places.map(() => 0) };
  const maps = parse(mapsConf('d', { ...columns, answers }, index));
  expect(['0.0.0.0', '0.0.0.1', '0.0.0.2'].map((address) => find(maps, 'search', address))).toEqual(['', '0-0', '0-0']);
});

test('the empty answers have no compressed form', () => {
  const columns = columnsOf([]);
  const answers = { ...columns.answers, bytes: columns.answers.digests.map((_, i) => (i === 1 ? 2 : 300)) };
  const form = parse(mapsConf('d', { ...columns, answers }, index)).get('search_form');
  expect([...(form ?? [])]).toEqual([
    ['default', '$epr_d_form'],
    ['0-1', '""'],
  ]);
});

test('names that nginx can hold are known, however many', () => {
  const columns = columnsOf([], ['a'.repeat(40), 'b'.repeat(41), ...Array.from({ length: 1000 }, (_, i) => `c${i}`)]);
  const text = mapsConf('d', columns, index);
  for (const name of ['a'.repeat(40), 'c0', 'c999']) expect(text).toContain(`\n    "/${name}/" `);
  expect(text).not.toContain('bbb');
  const lengths = [...text.matchAll(/^map [^{]*\{\n([^}]*)\}/gm)].map(([, rows = '']) => rows.split('\n').length);
  expect(Math.max(...lengths)).toBeLessThan(210);
});

test.each([
  ['kibana.version=8.5.0', true],
  ['prerelease=false&kibana.version=8.5.0&include_policy_templates=true', true],
  ['category=security&prerelease=true&kibana.version=8.19.4&spec.min=2.3&spec.max=3.4', true],
  ['spec.max=3.10&package=a_1&spec.min=2.3&kibana.version=10.0.0', true],
  ['type=content', true],
  ['type=integration', false],
  ['kibana.version=8.5', false],
  ['kibana.version=8.05.0', false],
  ['kibana.version=0.0.0', false],
  ['kibana.version=8.5.1000', false],
  ['kibana.version=8.5.0-SNAPSHOT', false],
  ['kibana.version=8.5.0+b', false],
  ['kibana.version=8.5.0&prerelease=t', false],
  ['kibana.version=8.5.0&all=true', false],
  ['kibana.version=8.5.0&', false],
  ['&kibana.version=8.5.0', false],
  ['kibana.version=8.5.0&&prerelease=true', false],
  ['kibana.version=8.5.0&kibana.version=7.0.0', false],
  ['prerelease=true&kibana.version=8.5.0&prerelease=true', false],
  ['spec.min=2.3&spec.min=2.3', false],
  ['spec.min=2', false],
  ['spec.max=03.0', false],
  ['package=A', false],
  ['package=', false],
  ['package=a%5fb', false],
  ['category=a;b', false],
  ['kibanaxversion=8.5.0', false],
  ['x&kibana.version=8.5.0', false],
])('whether %s is plain', (query, isPlain) => {
  const [, pattern = ''] = /map \$args .*\{\s*"" 1;\s*"~(.*)" /.exec(mapsConf('d', columnsOf([]), index)) ?? [];
  expect(new RegExp(pattern).test(query)).toBe(isPlain);
});

/** Columns in which every class of every place has an answer of its own, called by both. */
const NOTHING = asByteString('');

function columnsOf(releaseCuts: Cut[], names = ['nginx', 'zeek']): Columns {
  const categories = [{ id: asByteString('security'), parent: -1, before: NOTHING, after: NOTHING }];
  const all = { categories, names: names.map(asByteString) };
  const classes = Array.from({ length: releaseCuts.length + 3 }, (_, i) => i);
  const ranges: Answers['ranges'] = [
    [0, 4],
    [1, 2],
    [1, 3],
    [1, 4],
  ];
  const places = Array.from({ length: names.length > 9 ? 2 : 2 * ranges.length * subjectCount(all) }, (_, i) => i);
  const answers = {
    releaseCuts,
    prereleaseCuts: [],
    specs: ['1.0.0', '2.3.0', '3.1.0', '3.5.0'],
    ranges,
    digests: places.flatMap((place) => classes.map((one) => `${place}-${one}`)),
    bytes: places.flatMap(() => classes.map(() => 300)),
    runs: places.map((place) => classes.flatMap((one) => [one, place * classes.length + one])),
    places,
  };
  expect(packageSubject(all, 0)).toBe(5);
  return { ...all, answers, cache: {} } as unknown as Columns;
}

function versions(): string[] {
  const patches = [0, 1, 2, 3, 4, 5, 7, 8, 49, 50, 51, 52, 254, 255];
  const minors = [...Array.from({ length: 32 }, (_, i) => i), 99, 254, 255];
  return [1, 6, 7, 8, 9, 10, 29, 30].flatMap((major) =>
    minors.flatMap((minor) => patches.map((patch) => `${major}.${minor}.${patch}`)),
  );
}

type Blocks = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The rows of each block, by the variable that it sets. */
function parse(maps: string): Blocks {
  const blocks = [...maps.matchAll(/^(?:map|geo) \S+ \$epr_d_(\w+) \{\n((?:.*;\n)*)\}/gm)];
  return new Map(
    blocks.map(([, name = '', body = '']) => {
      const rows = body.split('\n').map((line) => line.trim().replace(/;$/, '').split(' ') as [string, string]);
      return [name, new Map(rows.filter(([, value]) => value).map(([key, value]) => [key.replaceAll('"', ''), value]))];
    }),
  );
}

/** What nginx makes of a version: the number of its class. */
function classOf(maps: Blocks, version: string | undefined): string {
  return find(maps, 'class', rowOf(maps, 'release', version ?? ''));
}

/** What nginx makes of a pre-release flag and bounds: the number of the kind of client. */
function kindOf(maps: Blocks, written: string): string {
  const [prerelease, min = '', max = ''] = written.split('/');
  const from = find(maps, 'specs_before', rowOf(maps, 'min', min));
  return rowOf(maps, 'kind', `${prerelease}/${from}/${find(maps, 'specs_up_to', rowOf(maps, 'max', max))}`);
}

/** What a `map` has for a text. */
function rowOf(maps: Blocks, name: string, text: string): string {
  const rows = maps.get(name);
  const pattern = [...(rows?.keys() ?? [])].find((key) => key.startsWith('~') && new RegExp(key.slice(1)).test(text));
  const value = rows?.get(text) ?? rows?.get(pattern ?? 'default') ?? '';
  return value.replace(/\$epr_asked_[a-z]+/, text);
}

/** What a `geo` block has for an address. */
function find(maps: Blocks, name: string, address: string): string {
  const at = numberOf(address);
  const rows = maps.get(name) ?? new Map<string, string>();
  const ranges = known.get(rows) ?? [...rows].map(([key, value]) => ({ ends: key.split('-').map(numberOf), value }));
  known.set(rows, ranges);
  const found = ranges.find(({ ends: [from = 0, to = -1] }) => from <= at && at <= to);
  return (found?.value ?? rows.get('default') ?? '').replaceAll('"', '');
}

const known = new WeakMap<object, { ends: number[]; value: string }[]>();

/** As nginx reads it: an empty part is 0, and an address with a part that is too large is the last one. */
function numberOf(address: string): number {
  const parts = address.split('.').map(Number);
  return parts.length === 4 && parts.every((part) => part < 256)
    ? parts.reduce((number, part) => number * 256 + part, 0)
    : 256 ** 4 - 1;
}
