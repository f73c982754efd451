import { describe, expect, test } from 'vitest';
import type { Columns } from '../../src/core/columns.ts';
import { kibanaClass } from '../../src/core/precomputed.ts';
import { mapsConf, variableOf } from '../../src/hosts/nginx/maps.ts';
import { parseStrictVersion } from '../../src/core/version.ts';

test('variables of different distributions differ', () => {
  const names = ['a', 'A', 'a.b', 'a-b', 'a_b', 'a_2eb', '7.9.0'];
  const variables = names.map((name) => variableOf(name, 'x'));
  expect(new Set(variables).size).toBe(names.length);
  for (const variable of variables) expect(variable).toMatch(/^\$[A-Za-z0-9_]+$/);
});

describe.each([
  ['none', []],
  ['between minor versions', ['7.9.0', '8.0.0', '8.11.0', '9.0.0']],
  ['inside minor versions', ['7.9.1', '7.9.3', '8.0.0', '8.5.0', '8.5.2 behind', '8.17.0 behind', '9.29.7']],
  ['far behind', ['8.5.51', '8.6.249', '8.7.1', '8.8.18446744073709551615', '12.0.0']],
] as [string, string[]][])('cuts %s', (_, written) => {
  const cuts = written.map((cut) => [cut.split(' ')[0], cut.endsWith('behind') ? 1 : 0] as [string, 0 | 1]);
  const columns = withCuts(cuts);
  const maps = mapsConf('d', columns);

  test('every version that the maps know has its own class', () => {
    let known = 0;
    for (const [version, found] of versions().map((version) => [version, classIn(maps, version)] as const)) {
      if (found === '') continue;
      known++;
      expect([version, Number(found)]).toEqual([version, kibanaClass(columns.answers, parseStrictVersion(version))]);
    }
    expect(known).toBeGreaterThan(900);
  });

  test('a class has the answers of its versions', () => {
    for (const version of ['7.9.0', '7.9.2', '8.5.2', '8.5.3', '9.0.0']) {
      const found = classIn(maps, version);
      const digest = `search-${found}`;
      if (found !== '') expect(rowsOf(maps, 'search_released').get(found)).toBe(digest);
    }
  });
});

test('a class without a precomputed answer is left to the code', () => {
  const columns = withCuts([]);
  const answers = { ...columns.answers, search: [[0, 0], []] };
  const maps = mapsConf('d', { ...columns, answers });
  expect([rowsOf(maps, 'search_released').get('1'), rowsOf(maps, 'search_all').get('1')]).toEqual(['search-0', '""']);
});

test.each([
  ['kibana.version=8.5.0', '8.5.0'],
  ['kibana.version=8.5.0&prerelease=true', '8.5.0'],
  ['prerelease=false&kibana.version=8.5.0&include_policy_templates=true', '8.5.0'],
  ['kibana.version=8.5', undefined],
  ['kibana.version=8.05.0', undefined],
  ['kibana.version=8.5.0-SNAPSHOT', undefined],
  ['kibana.version=8.5.0+b', undefined],
  ['kibana.version=8.5.0&prerelease=t', undefined],
  ['kibana.version=8.5.0&all=true', undefined],
  ['kibana.version=8.5.0&', undefined],
  ['kibana.version=8.5.0&kibana.version=7.0.0', undefined],
  ['kibanaxversion=8.5.0', undefined],
  ['x&kibana.version=8.5.0', undefined],
  ['', undefined],
])('what is asked by %s', (query, version) => {
  const [, pattern = ''] = /map \$args .*\{\s*"~(.*)" /.exec(mapsConf('d', withCuts([]))) ?? [];
  expect(new RegExp(pattern).exec(query)?.groups?.['epr_d_version']).toBe(version);
});

/** Columns of which every class has an answer of its own. */
function withCuts(releaseCuts: [string, 0 | 1][]): Columns {
  const classes = Array.from({ length: releaseCuts.length + 3 }, (_, i) => i);
  const runs = classes.flatMap((one) => [one, one]);
  const answers = {
    releaseCuts,
    prereleaseCuts: [],
    specs: [],
    digests: classes.map((one) => `search-${one}`),
    bytes: classes,
    search: [runs, runs],
    categories: [runs, runs, runs, runs],
    packages: [],
  };
  return { names: [], categories: [], answers } as unknown as Columns;
}

function versions(): string[] {
  const patches = [0, 1, 2, 3, 4, 7, 8, 49, 50, 51, 52];
  const minors = Array.from({ length: 32 }, (_, i) => i);
  return [6, 7, 8, 9, 10].flatMap((major) =>
    minors.flatMap((minor) => patches.map((patch) => `${major}.${minor}.${patch}`)),
  );
}

/** What nginx would make of a version: a row of its own, else its minor version's. */
function classIn(maps: string, version: string): string {
  const minor = version.slice(0, version.lastIndexOf('.'));
  return rowsOf(maps, 'version_class').get(version) ?? rowsOf(maps, 'minor_class').get(minor) ?? '';
}

const parsed = new Map<string, Map<string, string>>();

/** The rows of the map that sets a variable. */
function rowsOf(maps: string, name: string): Map<string, string> {
  const [text = '', body = ''] = new RegExp(`map \\S+ \\$epr_d_${name} \\{\\n([^}]*)\\}`).exec(maps) ?? [];
  const known = parsed.get(text);
  if (known) return known;
  const rows = body
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/;$/, '').split(' ') as [string, string]);
  const found = new Map(rows);
  parsed.set(text, found);
  return found;
}
