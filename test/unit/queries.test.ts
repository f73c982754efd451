import { describe, expect, test } from 'vitest';
import { composeBody } from '../../src/core/compose.ts';
import { asByteString } from '../../src/tree/byte-string.ts';
import { parseQuery } from '../../src/core/query.ts';
import { parseQueryString } from '../../src/core/query-string.ts';
import { bodyOf, counts, indexOf, queryOf, revision, search } from '../support/registry.ts';

const errorOf = (raw: string, endpoint: 'search' | 'categories' = 'search') => {
  const parsed = parseQuery(endpoint, parseQueryString(asByteString(raw)));
  return 'error' in parsed ? parsed.error : undefined;
};

describe('parameters', () => {
  test.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('%s is true', (word) => {
    const query = queryOf('search', `prerelease=${word}&experimental=${word}&all=${word}`);
    expect(query).toMatchObject({ prerelease: true, experimental: true, all: true });
  });

  test.each(['0', 'f', 'F', 'FALSE', 'false', 'False', ''])('%j is false', (word) => {
    const query = queryOf('search', `prerelease=${word}&experimental=${word}&all=${word}`);
    expect(query).toMatchObject({ prerelease: false, experimental: false, all: false });
  });

  test.each([
    ['prerelease=yes', "invalid 'prerelease' query param: 'yes'"],
    ['experimental=tRUE', "invalid 'experimental' query param: 'tRUE'"],
    ['all=2', "invalid 'all' query param: '2'"],
    ['prerelease=%E9%27', "invalid 'prerelease' query param: '\xE9''"],
    ['kibana.version=x', "invalid Kibana version 'x': invalid semantic version"],
    ['kibana.version=8.0.0-01', "invalid Kibana version '8.0.0-01': version segment starts with 0"],
    ['agent.version=8.', "invalid agent version '8.': invalid semantic version"],
    ['spec.max=3', "invalid 'spec.max' version: invalid version '3': it should be <major.version>"],
    ['spec.min=3.0.0', "invalid 'spec.min' version: invalid version '3.0.0': it should be <major.version>"],
    ['spec.max=a.b', "invalid 'spec.max' version: invalid spec version 'a.b': invalid semantic version"],
    ['discovery=', `invalid 'discovery' query param: '': could not parse filter ""`],
    ['discovery=a', `invalid 'discovery' query param: 'a': could not parse filter "a"`],
    ['discovery=a:b', `invalid 'discovery' query param: 'a:b': unknown discovery filter "a"`],
    ['discovery=fields:a&discovery=b', `invalid 'discovery' query param: 'b': could not parse filter "b"`],
  ])('%s is refused', (raw, error) => {
    expect(errorOf(raw)).toBe(error);
  });

  test('only the first value of a parameter counts', () => {
    expect(queryOf('search', 'package=a&package=b').package).toBe('a');
    expect(errorOf('all=1&all=x')).toBeUndefined();
    expect(queryOf('search', 'package=&package=b').package).toBe('');
  });

  test('an endpoint ignores the parameters of the other', () => {
    const search = queryOf('search', 'include_policy_templates=x');
    expect(search).toEqual(queryOf('search', ''));
    const raw = 'category=a&package=b&type=c&all=x&internal=x&unknown=1';
    expect(queryOf('categories', raw)).toEqual(queryOf('categories', ''));
    expect(errorOf('include_policy_templates=x', 'categories')).toBe(
      "invalid 'include_policy_templates' query param: 'x'",
    );
  });

  test('a parameter named as a member of every object is none', () => {
    expect(queryOf('search', '__proto__=a&constructor=b&toString=c')).toEqual(queryOf('search', ''));
  });
});

describe('what is found', () => {
  test('everything, in order, of each name the newest version', () => {
    const index = indexOf(revision('a@1.0.0'), revision('a@1.1.0'), revision('b@0.1.0'));
    expect(search(index)).toEqual(['a@1.1.0', 'b@0.1.0']);
    expect(search(index, 'all=true')).toEqual(['a@1.0.0', 'a@1.1.0', 'b@0.1.0']);
    expect(bodyOf(index, 'search', '')).toBe('[\n  <a@1.1.0>,\n  <b@0.1.0>\n]\n');
    expect(bodyOf(index, 'search', 'package=c')).toBe('[]');
  });

  test('rule 1: without prerelease, no experimental release', () => {
    const index = indexOf(revision('a@1.0.0'), revision('a@1.1.0', { experimental: 1 }));
    expect(search(index)).toEqual(['a@1.0.0']);
    expect(search(index, 'prerelease=true')).toEqual(['a@1.1.0']);
  });

  test('rule 2: without prerelease, no version with a pre-release part', () => {
    const index = indexOf(revision('a@1.0.0+b-c'), revision('a@1.1.0-rc1'), revision('b@1.0.0-a'));
    expect(search(index)).toEqual(['a@1.0.0+b-c']);
    expect(search(index, 'prerelease=true')).toEqual(['a@1.1.0-rc1', 'b@1.0.0-a']);
  });

  test('rule 3: conditions on Kibana and the agent', () => {
    const index = indexOf(
      revision('a@1.0.0', { kibana: '^7.0.0' }),
      revision('a@2.0.0', { kibana: '^8.0.0' }),
      revision('b@1.0.0', { agent: '>=8.5.0' }),
      revision('c@1.0.0'),
    );
    expect(search(index, 'kibana.version=8.1.0')).toEqual(['a@2.0.0', 'b@1.0.0', 'c@1.0.0']);
    expect(search(index, 'kibana.version=7.1')).toEqual(['a@1.0.0', 'b@1.0.0', 'c@1.0.0']);
    expect(search(index, 'kibana.version=8.1.0-SNAPSHOT')).toEqual(['b@1.0.0', 'c@1.0.0']);
    expect(search(index, 'agent.version=8.4.0')).toEqual(['a@2.0.0', 'c@1.0.0']);
    expect(search(index, 'agent.version=v8.5.0')).toEqual(['a@2.0.0', 'b@1.0.0', 'c@1.0.0']);
  });

  test('rule 4: name and type, exactly', () => {
    const index = indexOf(revision('a@1.0.0', { type: 'input' }), revision('ab@1.0.0'), revision('b@1.0.0'));
    expect(search(index, 'package=ab')).toEqual(['ab@1.0.0']);
    expect(search(index, 'package=A')).toEqual([]);
    expect(search(index, 'type=input')).toEqual(['a@1.0.0']);
    expect(search(index, 'type=integration&package=a')).toEqual([]);
  });

  test('rule 5: all capabilities of a package are in the list', () => {
    const index = indexOf(
      revision('a@1.0.0', { capabilities: ['security'] }),
      revision('b@1.0.0', { capabilities: ['security', 'observability'] }),
      revision('c@1.0.0'),
    );
    expect(search(index, 'capabilities=security,apm')).toEqual(['a@1.0.0', 'c@1.0.0']);
    expect(search(index, 'capabilities=observability,security')).toEqual(['a@1.0.0', 'b@1.0.0', 'c@1.0.0']);
    expect(search(index, 'capabilities=,')).toEqual(['c@1.0.0']);
    expect(search(index, 'capabilities=')).toEqual(['a@1.0.0', 'b@1.0.0', 'c@1.0.0']);
  });

  test('rule 6: every field, or one dataset, is in the list', () => {
    const index = indexOf(
      revision('a@1.0.0', { fields: ['x', 'y'] }),
      revision('b@1.0.0', { datasets: ['d', 'e'] }),
      revision('c@1.0.0', { fields: ['x'], datasets: ['d'] }),
      revision('d@1.0.0'),
    );
    expect(search(index, 'discovery=fields:x')).toEqual(['c@1.0.0']);
    expect(search(index, 'discovery=fields:y,x,z')).toEqual(['a@1.0.0', 'c@1.0.0']);
    expect(search(index, 'discovery=datasets:e,f')).toEqual(['b@1.0.0']);
    expect(search(index, 'discovery=fields:x&discovery=datasets:d')).toEqual(['c@1.0.0']);
    expect(search(index, 'discovery=fields:')).toEqual([]);
  });

  test('rule 7: bounds on the spec version, inclusive', () => {
    const index = indexOf(
      revision('a@1.0.0', { spec: '2.9.0' }),
      revision('b@1.0.0', { spec: '3.0.0' }),
      revision('c@1.0.0', { spec: '3.10.0' }),
    );
    expect(search(index, 'spec.min=3.0')).toEqual(['b@1.0.0', 'c@1.0.0']);
    expect(search(index, 'spec.max=3.0')).toEqual(['a@1.0.0', 'b@1.0.0']);
    expect(search(index, 'spec.max=3.0-rc1')).toEqual(['a@1.0.0']);
    expect(search(index, 'spec.min=3.0&spec.max=3.9')).toEqual(['b@1.0.0']);
    expect(search(index, 'spec.min=4.0&spec.max=3.0')).toEqual([]);
  });

  test('rule 8: a category finds its sub-categories, and what only policy templates bring', () => {
    const index = indexOf(
      revision('a@1.0.0', { categories: ['security'] }),
      revision('b@1.0.0', { categories: ['iam'], templates: [['security']] }),
      revision('c@1.0.0', { categories: ['web'], templates: [[], ['edr']] }),
      revision('d@1.0.0', { categories: ['web'], templates: [['security']] }),
    );
    expect(search(index, 'category=security')).toEqual([
      'a@1.0.0',
      'b@1.0.0',
      'c@1.0.0 for security',
      'd@1.0.0 for security',
    ]);
    expect(search(index, 'category=edr')).toEqual(['c@1.0.0 for edr']);
    expect(search(index, 'category=iam')).toEqual(['b@1.0.0']);
    expect(search(index, 'category=none')).toEqual([]);
    expect(search(index, 'category=toString')).toEqual([]);
  });

  test('category is applied after only the newest version stays', () => {
    const index = indexOf(revision('a@1.0.0', { categories: ['web'] }), revision('a@2.0.0', { categories: ['edr'] }));
    expect(search(index, 'category=web')).toEqual([]);
    expect(search(index, 'category=web&all=true')).toEqual(['a@1.0.0']);
  });

  test('rows that lie one behind another are one piece', () => {
    const { columns } = indexOf(revision('a@1.0.0'), revision('b@1.0.0'), revision('c@1.0.0', { type: 'input' }));
    const pieces = composeBody(columns, queryOf('search', 'type=integration'));
    expect(pieces).toEqual(['[\n', { start: 17, end: 17 + 2 * 11 + 2 }, '\n]\n']);
  });

  test('neighbours and lone rows are cut out exactly', () => {
    const index = indexOf(revision('a@1.0.0'), revision('b@1.0.0', { type: 'input' }), revision('ü@1.0.0'));
    expect(bodyOf(index, 'search', 'type=integration')).toBe('[\n  <a@1.0.0>,\n  <\xC3\xBC@1.0.0>\n]\n');
  });
});

describe('what old clients find, with experimental', () => {
  const index = indexOf(
    revision('a@0.9.0'),
    revision('a@1.0.0', { agent: '>99.0.0', kibana: '^7.0.0', spec: '9.0.0', experimental: 1 }),
    revision('a@1.1.0-rc1'),
    revision('b@0.1.0'),
    revision('b@0.2.0-a'),
    revision('c@1.0.0-a'),
    revision('c@1.0.0-b', { categories: ['web'], type: 'input' }),
  );

  test('of each name the newest that is no pre-release, or else the newest pre-release', () => {
    expect(search(index, 'experimental=true')).toEqual(['a@1.0.0', 'b@0.1.0', 'c@1.0.0-b']);
  });

  test('only the Kibana version, name and type filter', () => {
    const ignored = 'agent.version=1.0.0&spec.max=1.0&discovery=fields:x&capabilities=none&prerelease=false';
    expect(search(index, `experimental=true&${ignored}`)).toEqual(['a@1.0.0', 'b@0.1.0', 'c@1.0.0-b']);
    expect(search(index, 'experimental=true&kibana.version=8.0.0')).toEqual(['a@0.9.0', 'b@0.1.0', 'c@1.0.0-b']);
    expect(search(index, 'experimental=true&package=b')).toEqual(['b@0.1.0']);
    expect(search(index, 'experimental=true&type=integration')).toEqual(['a@1.0.0', 'b@0.1.0', 'c@1.0.0-a']);
  });

  test('with all, unstable versions are left out wherever the name has a stable one', () => {
    expect(search(index, 'experimental=true&all=true')).toEqual([
      'a@1.0.0',
      'b@0.1.0',
      'b@0.2.0-a',
      'c@1.0.0-a',
      'c@1.0.0-b',
    ]);
    expect(search(index, 'experimental=true&all=true&package=a&kibana.version=8.0.0')).toEqual([
      'a@0.9.0',
      'a@1.1.0-rc1',
    ]);
  });

  test('category applies at the end', () => {
    expect(search(index, 'experimental=true&category=web')).toEqual(['c@1.0.0-b']);
  });
});

describe('categories', () => {
  test('are sorted, with what is known of each', () => {
    const index = indexOf(revision('a@1.0.0', { categories: ['web', 'iam', 'odd'] }));
    expect(bodyOf(index, 'categories', '')).toBe(
      [
        '[\n  {\n    "id": "iam",\n    "title": "Identity",\n    "count": 1,\n',
        '    "parent_id": "security",\n    "parent_title": "Security"\n  },\n',
        '  {\n    "id": "odd",\n    "title": "odd",\n    "count": 1\n  },\n',
        '  {\n    "id": "web",\n    "title": "Web",\n    "count": 1\n  }\n]\n',
      ].join(''),
    );
  });

  test('none are an empty list and a newline', () => {
    expect(bodyOf(indexOf(), 'categories', '')).toBe('[]\n');
    expect(bodyOf(indexOf(revision('a@1.0.0')), 'categories', 'include_policy_templates=true')).toBe('[]\n');
  });

  test('count the packages found that list them, each name once', () => {
    const index = indexOf(
      revision('a@1.0.0', { categories: ['web'] }),
      revision('a@2.0.0', { categories: ['web', 'iam'] }),
      revision('b@1.0.0', { categories: ['web'], templates: [['edr'], ['edr']] }),
      revision('c@1.0.0-a', { categories: ['web'] }),
    );
    expect(counts(index)).toEqual({ web: 2, iam: 1 });
    expect(counts(index, 'prerelease=true')).toEqual({ web: 3, iam: 1 });
  });

  test('with policy templates: a package counts again for each, and each for itself', () => {
    const one = indexOf(revision('a@1.0.0', { categories: ['web'], templates: [['edr']] }));
    expect(counts(one, 'include_policy_templates=true')).toEqual({ web: 2, edr: 2 });
    const two = indexOf(revision('a@1.0.0', { categories: ['web'], templates: [['edr', 'web'], ['edr'], []] }));
    expect(counts(two, 'include_policy_templates=true')).toEqual({ web: 5, edr: 3 });
  });

  test("a package's only template without categories is passed over", () => {
    const index = indexOf(revision('a@1.0.0', { categories: ['web'], templates: [[]] }));
    expect(counts(index, 'include_policy_templates=true')).toEqual({ web: 1 });
  });

  test('a parent of what the package lists is no new category', () => {
    const index = indexOf(revision('a@1.0.0', { categories: ['iam'], templates: [['security']] }));
    expect(counts(index, 'include_policy_templates=true')).toEqual({ iam: 2, security: 1 });
  });
});
