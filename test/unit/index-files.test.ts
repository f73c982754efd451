import { describe, expect, test } from 'vitest';
import { decodeText } from '../../src/tree/text.ts';
import { indexFiles } from '../../src/build/index-files.ts';
import { bodyOf, CACHE, CATEGORIES, indexOf, revision, search } from '../support/registry.ts';

/** What lies at a place of the rows file. */
const cut = (rows: Buffer, start = 0, length = 0) => rows.toString('utf8', start, start + length);

describe('the rows', () => {
  test('begin with the build id and lie one behind another', () => {
    const { build, rows, columns } = indexOf(revision('a@1.0.0'), revision('b@1.0.0'));
    expect(build).toMatch(/^[0-9a-f]{16}$/);
    expect(rows.toString()).toBe(`${build}\n  <a@1.0.0>,\n  <b@1.0.0>`);
    expect(columns).toMatchObject({ build, bytes: rows.length, revisions: { start: [17, 30, 43] } });
  });

  test('of an empty site are the build id alone', () => {
    const { build, rows, columns } = indexOf();
    expect(rows.toString()).toBe(`${build}\n`);
    expect(columns).toMatchObject({ bytes: 17, names: [], profiles: [], variants: [] });
    expect(bodyOf(indexOf(), 'search', '')).toBe('[]');
  });

  test('are measured in bytes', () => {
    const { rows, columns } = indexOf(revision('ü@1.0.0'), revision('😀@1.0.0'));
    expect(columns.revisions.start).toEqual([17, 17 + 12 + 2, 17 + 12 + 2 + 14 + 2]);
    expect(cut(rows, 17 + 12 + 2, 14)).toBe('  <😀@1.0.0>');
  });

  test('end with the variants, equal ones once', () => {
    const templates = [['edr']];
    const one = revision('a@1.0.0', { templates });
    const two = {
      ...revision('a@1.1.0', { templates }),
      variants: [
        ['edr', 'same'],
        ['security', 'same'],
      ] as const,
    };
    const { rows, columns } = indexOf(one, two);
    expect(columns.variants.map(({ category, revision }) => [category, revision])).toEqual([
      ['edr', [0, 1]],
      ['security', [0, 1]],
    ]);
    const texts = columns.variants.map(({ start, length }) => start.map((at, i) => cut(rows, at, length[i])));
    expect(texts).toEqual([
      ['  <a@1.0.0 for edr>', 'same'],
      ['  <a@1.0.0 for security>', 'same'],
    ]);
    expect(rows.toString().split('same')).toHaveLength(2);
  });
});

describe('the columns', () => {
  test('hold names, profiles and constraints once', () => {
    const facts = { kibana: '^8.0.0', agent: '^8.0.0', categories: ['web'] };
    const { columns } = indexOf(revision('a@1.0.0', facts), revision('a@1.1.0', facts), revision('b@1.0.0'));
    expect(columns.names).toEqual(['a', 'b']);
    expect(columns.constraints).toHaveLength(1);
    expect(columns.profiles).toEqual([
      { kibana: 0, agent: 0, type: 'integration', spec: '3.0.0', categories: ['web'] },
      { type: 'integration', spec: '3.0.0' },
    ]);
    expect(columns.revisions).toMatchObject({
      first: [0, 2, 3],
      version: ['1.0.0', '1.1.0', '1.0.0'],
      profile: [0, 0, 1],
    });
  });

  test('constraints that mean the same are one', () => {
    const { columns } = indexOf(
      revision('a@1.0.0', { kibana: '^8' }),
      revision('b@1.0.0', { kibana: '>=8.0.0 <9.0.0' }),
    );
    expect(columns.constraints).toHaveLength(new Set(columns.constraints.map((one) => JSON.stringify(one))).size);
  });

  test('have all texts as byte strings', () => {
    const facts = { type: 'ü', capabilities: ['é'], fields: ['ö'], datasets: ['ä'], categories: ['ß'] };
    const { columns } = indexOf(revision('a@1.0.0', { ...facts, templates: [['ß']] }));
    const bytes = JSON.stringify(columns);
    expect([...bytes].every((char) => char.charCodeAt(0) < 256)).toBe(true);
    expect(columns.profiles[0]).toMatchObject({ type: '\xC3\xBC', templates: [['\xC3\x9F']] });
    expect(bodyOf(indexOf(revision('a@1.0.0', facts)), 'search', 'type=%C3%BC')).toContain('<a@1.0.0>');
  });

  test('know the categories of the table, of parents and of packages, in byte order', () => {
    const { columns } = indexOf(revision('a@1.0.0', { categories: ['odd'], templates: [['Zoo'], ['web']] }));
    expect(columns.categories.map(({ id, parent }) => [id, parent])).toEqual([
      ['Zoo', -1],
      ['edr', 4],
      ['iam', 4],
      ['odd', -1],
      ['security', -1],
      ['web', -1],
    ]);
  });
});

describe('the build id', () => {
  const options = { home: '{}\n', cache: CACHE, categories: CATEGORIES };
  const revisions = [revision('a@1.0.0', { kibana: '^8.0.0', templates: [['web']] }), revision('b@1.0.0')];
  const { build } = indexFiles(revisions, options);

  test('is that of the content', () => {
    expect(indexFiles(structuredClone(revisions), { ...options }).build).toBe(build);
  });

  test.each([
    ['a revision less', revisions.slice(1), options],
    ['another row', [{ ...revisions[0]!, row: '  <x>' }, revisions[1]!], options],
    ['another variant', [{ ...revisions[0]!, variants: [['web', 'x']] as const }, revisions[1]!], options],
    ['another condition', [revision('a@1.0.0', { kibana: '^9.0.0', templates: [['web']] }), revisions[1]!], options],
    ['another home', revisions, { ...options, home: '[]\n' }],
    ['other cache times', revisions, { ...options, cache: { ...CACHE, files: 1 } }],
    ['another table', revisions, { ...options, categories: CATEGORIES.slice(1, 1) }],
  ])('changes with %s', (_, changed, other) => {
    expect(indexFiles(changed, other).build).not.toBe(build);
  });
});

test('the build id says which revision has which variant', () => {
  const [one, two] = [revision('a@1.0.0'), revision('a@1.1.0')];
  const variants = [['web', 'x']] as const;
  const indexes = [indexOf({ ...one, variants }, two), indexOf(one, { ...two, variants })];
  expect(new Set(indexes.map(({ build }) => build)).size).toBe(2);
});

/** The text of some bytes. */
const bytes = (...all: number[]) => decodeText(Buffer.from(all));

describe('texts that are not UTF-8', () => {
  const facts = {
    type: bytes(0xfe),
    capabilities: [bytes(0xfd)],
    datasets: [bytes(0x61, 0xfc)],
    templates: [[bytes(0xc3, 0x28), 'é', '\ufffd', bytes(0xff)]],
  };
  const index = indexOf(revision('a@1.0.0', facts));

  test.each([
    'type=%fe',
    'capabilities=x,%fd',
    'discovery=datasets:a%fc',
    'category=%ff',
    'category=%C3%28',
    'category=%C3%A9',
    'category=%EF%BF%BD',
  ])('are found by their bytes: %s', (raw) => {
    expect(search(index, raw)).toHaveLength(1);
  });

  test.each(['type=%EF%BF%BD', 'capabilities=%EF%BF%BD', 'discovery=datasets:a%EF%BF%BD', 'category=%C3'])(
    'are not found by others: %s',
    (raw) => {
      expect(search(index, raw)).toEqual([]);
    },
  );

  test('are categories in the order of their bytes, which answers show as the registry does', () => {
    const ids = index.columns.categories.map(({ id }) => id);
    expect(ids.slice(-4)).toEqual(['\xC3(', '\xC3\xA9', '\xEF\xBF\xBD', '\xFF']);
    const body = bodyOf(index, 'categories', 'include_policy_templates=1');
    expect([...body.matchAll(/"id": "(.*)"/g)].map(([, id]) => id)).toEqual([
      String.raw`\ufffd(`,
      '\xC3\xA9',
      '\xEF\xBF\xBD',
      String.raw`\ufffd`,
    ]);
  });
});
