import { describe, expect, test } from 'vitest';
import { lineOf } from '../../src/line-of.ts';
import { emptyLock, lockDistribution, parseLock, pinDistribution, renderLock } from '../../src/workflow/lock.ts';
import { casePaths, caseFindings, sizeFindings } from '../../src/workflow/shape-findings.ts';
import { waitingRevisions } from '../../src/catalog/waiting.ts';
import type { Distribution } from '../../src/config.ts';
import { layerOf } from '../support/layers.ts';

/* The pure parts of check, list and the lock. */

describe('the line of a place in a manifest', () => {
  const text = [
    'name: acme',
    'conditions:',
    '  kibana.version: x',
    'policy_templates:',
    '  - name: a',
    '  - inputs: [{',
    '',
    '      type: b}]',
  ].join('\n');
  test.each([
    ['name', 1],
    ['name.more', 1],
    ['conditions.kibana.version', 3],
    ['policy_templates.0.title', 5],
    ['policy_templates.1', 6],
    ['policy_templates.1.inputs.0.type', 8],
    ['title', undefined],
    ['nam', undefined],
  ])('%s', (place, line) => {
    expect(lineOf(text, place)).toBe(line);
  });

  test('of no YAML there is none', () => {
    expect(lineOf('a: [', 'a')).toBeUndefined();
    expect(lineOf('', 'a')).toBeUndefined();
    expect(lineOf('- a\n- *b\n', '1')).toBeUndefined();
  });
});

describe('the lock', () => {
  const layers = ['production', 'staging'].map((name) => ({
    kind: 'storage' as const,
    name,
    ref: name,
    packages: 'packages',
  }));
  const distribution = { name: 'staging', registry: '1.40.1', subsets: [], layers } as unknown as Distribution;
  const made = { generator: 'epr-static 1', commits: { production: 'aaa', staging: 'bbb' }, held: new Map() };
  const locked = lockDistribution(emptyLock, distribution, made);
  const pin = (now: Partial<Distribution>, generator = 'epr-static 1') =>
    pinDistribution(locked, { ...distribution, ...now }, { generator, file: 'x.json' });

  test('pins every layer to its commit', () => {
    const refs = pin({}).distribution.layers.map((layer) => layer.kind === 'storage' && `${layer.name}=${layer.ref}`);
    expect(refs).toEqual(['production=aaa', 'staging=bbb']);
    expect(parseLock(renderLock(locked), 'x')).toEqual(locked);
  });

  test('that was edited by hand is named with the place', () => {
    const text = renderLock(locked).replace('"ref": "staging"', '"ref": 1');
    const message = 'x.json: distributions.staging.layers.1: is not what build --lock writes';
    expect(() => parseLock(text, 'x.json')).toThrow(message);
    expect(() => parseLock('[]', 'x.json')).toThrow('x.json: the file: is not what build --lock writes');
  });

  test('keeps other distributions, and is sorted', () => {
    const both = lockDistribution(locked, { ...distribution, name: 'a' }, made);
    expect(Object.keys(JSON.parse(renderLock(both)).distributions as object)).toEqual(['a', 'staging']);
  });

  test('says all that moved', () => {
    const [first] = layers;
    if (!first) throw new Error('no layer');
    expect(() => pin({ registry: '2.0.0', layers: [{ ...first, ref: 'main' }] }, 'epr-static 2')).toThrow(
      /registry: locked 1.40.1, now 2.0.0\n.*generator: .*\n.*layers: .*\n.*ref of production: locked production, now main/,
    );
    expect(() => pin({ layers: layers.toReversed() })).toThrow('layers: locked production, staging');
    expect(() => pin({ name: 'toString' })).toThrow('has no distribution "toString"');
  });

  describe('of a registry', () => {
    const elastic = {
      kind: 'registry' as const,
      name: 'elastic',
      registry: 'https://user:secret@example.org/epr',
      take: [{ package: 'nginx', versions: '>=1.20.0' }],
      gone: 'keep' as const,
      signatures: 'optional' as const,
    };
    const [production] = layers;
    const both = { ...distribution, layers: production ? [production, elastic] : [] };
    const revision = { name: 'nginx', version: '1.20.0', size: 5, digest: 'a'.repeat(64), signature: 'b'.repeat(64) };
    const held = new Map([['elastic', [revision]]]);
    const of = lockDistribution(locked, { ...both, name: 'both' }, { ...made, held });
    const pinBoth = (now: object) =>
      pinDistribution(
        of,
        { ...both, name: 'both', layers: both.layers.map((one) => Object.assign({}, one, now)) },
        {
          generator: 'epr-static 1',
          file: 'x.json',
        },
      );

    test('has what is held, and no credentials', () => {
      const text = renderLock(of);
      expect(text).toContain('"version": 2');
      expect(text).toContain('"registry": "https://example.org/epr"');
      expect(text).not.toContain('secret');
      expect(parseLock(text, 'x').distributions).toEqual(of.distributions);
      expect(renderLock(locked)).toContain('"version": 1');
      expect(pinBoth({}).held).toEqual(held);
      expect(pinBoth({}).distribution.layers[1]).toEqual(elastic);
    });

    test.each([
      [{ take: undefined }, /take of elastic: locked .*1\.20\.0.*, now "everything"/],
      [
        { registry: 'https://other.example' },
        /registry of elastic: locked https:\/\/example\.org\/epr, now https:\/\/other/,
      ],
      [{ kind: 'storage' as const, ref: 'x', packages: '' }, /kind of elastic: locked registry, now storage/],
    ])('says what moved: %j', (now, text) => {
      expect(() => pinBoth(now)).toThrow(text);
    });
  });

  test('a folder has nothing to lock', () => {
    const commits = { production: 'aaa', staging: undefined };
    expect(() => lockDistribution(emptyLock, distribution, { ...made, commits })).toThrow('staging is a folder');
  });

  test.each(['', '{', '[]', '{"version":3,"distributions":{}}', '{"version":1}'])('%j is none', (text) => {
    expect(() => parseLock(text, 'x.json')).toThrow(/^x\.json/);
  });
});

describe('case and size', () => {
  const [acme, rc, other] = layerOf('staging', ['acme@1.0.0', 'acme@1.0.0-RC1', 'ACME@2.0.0']).revisions;
  if (!acme || !rc || !other) throw new Error('no revisions');
  const lower = layerOf('snapshot', ['acme@1.0.0-rc1', 'acme@1.0.0']).revisions;

  test('names and versions in another case', () => {
    expect(caseFindings([acme], [acme, ...lower])).toEqual([]);
    expect(caseFindings([rc], [rc, ...lower])).toMatchObject([
      { code: 'case', text: 'differs only by case from acme@1.0.0-rc1 in snapshot' },
    ]);
    expect(caseFindings([other], [other, acme])).toMatchObject([{ text: 'differs only by case from acme in staging' }]);
  });

  test('paths in another case, folders included', () => {
    const files = ['docs/README.md', 'docs/readme.md', 'img/a.svg', 'IMG/b.svg'].map((path) => ({ path, content: '' }));
    expect(casePaths(acme, files).map(({ file }) => file)).toEqual([
      'packages/acme/1.0.0/docs/readme.md',
      'packages/acme/1.0.0/IMG',
    ]);
  });

  test('files over 25 MiB, packages over 250 MB', () => {
    const files = Array.from({ length: 10 }, (_, i) => ({ path: `ml_model/f${i}`, content: `id ${i}` }));
    const sizes = (size: number): Map<string, number> => new Map(files.map(({ content }) => [content, size]));
    expect(sizeFindings(acme, files, sizes(25e6))).toEqual([]);
    expect(sizeFindings(acme, files, sizes(25e6 + 1))).toMatchObject([{ code: 'large-package' }]);
    expect(sizeFindings(acme, files.slice(0, 1), sizes(25 * 2 ** 20))).toEqual([]);
    expect(sizeFindings(acme, files.slice(0, 1), sizes(25 * 2 ** 20 + 1))).toMatchObject([
      { code: 'large-file', file: 'packages/acme/1.0.0/ml_model/f0' },
    ]);
  });
});

describe('what waits', () => {
  const layers = [
    layerOf('production', ['a@1.0.0', 'b@2.0.0']),
    layerOf('staging', ['a@1.0.0', 'a@1.2.0', 'b@1.0.0']),
    layerOf('snapshot', ['a@1.10.0', 'a@1.9.0', 'c@0.1.0', 'b@1.0.0']),
  ];

  test('is what no higher layer holds', () => {
    expect(waitingRevisions(layers, ({ id }) => (id === 'c@0.1.0' ? '2024-01-01' : undefined))).toMatchObject([
      { id: 'a@1.2.0', layer: 'staging', for: 'production', newestAbove: '1.0.0', outdates: true, since: undefined },
      { id: 'b@1.0.0', layer: 'staging', for: 'production', newestAbove: '2.0.0', outdates: false },
      { id: 'a@1.9.0', layer: 'snapshot', for: 'staging', newestAbove: '1.2.0', outdates: false },
      { id: 'a@1.10.0', layer: 'snapshot', for: 'staging', newestAbove: '1.2.0', outdates: true },
      { id: 'c@0.1.0', newestAbove: undefined, outdates: true, since: '2024-01-01' },
    ]);
  });
});
