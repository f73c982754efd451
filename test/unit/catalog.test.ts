import { describe, expect, test } from 'vitest';
import { compareRevisions, mergeLayers, sameContent } from '../../src/catalog/merge.ts';
import type { RevisionFiles } from '../../src/storage/storage.ts';
import { layerOf } from '../support/layers.ts';

const merged = (...layers: Parameters<typeof mergeLayers>[0][]) => {
  const { revisions, shadowed } = mergeLayers(layers.flat());
  return {
    revisions: revisions.map(({ id, layer }) => `${id} of ${layer}`),
    shadowed: shadowed.map(({ loser, winner }) => `${loser.id} of ${loser.layer} by ${winner.layer}`),
  };
};

describe('merging layers', () => {
  test('none are an empty catalog', () => {
    expect(mergeLayers([])).toEqual({ revisions: [], shadowed: [] });
  });

  test('the first layer that holds a revision wins, all others are shadowed by it', () => {
    const production = layerOf('production', ['a@1.0.0']);
    const staging = layerOf('staging', ['a@1.0.0', 'a@1.1.0']);
    const snapshot = layerOf('snapshot', ['b@1.0.0', 'a@1.1.0', 'a@1.0.0']);
    expect(merged([production, staging, snapshot])).toEqual({
      revisions: ['a@1.0.0 of production', 'a@1.1.0 of staging', 'b@1.0.0 of snapshot'],
      shadowed: [
        'a@1.0.0 of staging by production',
        'a@1.1.0 of snapshot by staging',
        'a@1.0.0 of snapshot by production',
      ],
    });
  });

  test('orders by name in bytes, then by version', () => {
    const ids = ['b@1.0.0', 'a@1.10.0', 'a_b@1.0.0', 'a@1.9.0', 'a1@1.0.0', 'a@1.10.0-rc.2', 'a@1.10.0-rc.10'];
    const { revisions } = mergeLayers([layerOf('one', ids)]);
    expect(revisions.map(({ id }) => id)).toEqual([
      'a@1.9.0',
      'a@1.10.0-rc.2',
      'a@1.10.0-rc.10',
      'a@1.10.0',
      'a1@1.0.0',
      'a_b@1.0.0',
      'b@1.0.0',
    ]);
  });

  test('build metadata makes another revision, ordered as text', () => {
    const { revisions } = mergeLayers([layerOf('one', ['a@1.0.0+b', 'a@1.0.0', 'a@1.0.0+10', 'a@1.0.0+9'])]);
    expect(revisions.map(({ version }) => version)).toEqual(['1.0.0', '1.0.0+10', '1.0.0+9', '1.0.0+b']);
  });

  test('folders that are no versions come first, in byte order', () => {
    const { revisions } = mergeLayers([layerOf('one', ['a@1.0.0', 'a@latest', 'a@1.0', 'a@v1.0.0'])]);
    expect(revisions.map(({ version }) => version)).toEqual(['1.0', 'latest', 'v1.0.0', '1.0.0']);
  });
});

test('a revision is equal to itself in the order', () => {
  for (const id of ['a@1.0.0', 'a@1.0.0+b', 'a@latest']) {
    const [revision, other] = ['one', 'two'].map((layer) => layerOf(layer, [id]).revisions[0]);
    expect(revision && other && compareRevisions(revision, other), id).toBe(0);
  }
});

const files = (list: RevisionFiles['files'], zip?: string): RevisionFiles => ({
  files: list,
  folders: [],
  zip,
  findings: [],
});

describe('the content of two revisions is', () => {
  const one = files([
    { path: 'a', content: '1' },
    { path: 'b', content: '2' },
  ]);

  test('the same', () => {
    expect(sameContent(one, files([...one.files]))).toBe(true);
    expect(sameContent(files([], 'z'), files([], 'z'))).toBe(true);
  });

  test.each([
    [
      'another content',
      files([
        { path: 'a', content: '1' },
        { path: 'b', content: '3' },
      ]),
    ],
    [
      'another path',
      files([
        { path: 'a', content: '1' },
        { path: 'c', content: '2' },
      ]),
    ],
    ['a file less', files([{ path: 'a', content: '1' }])],
    ['a file more', files([...one.files, { path: 'c', content: '3' }])],
    ['a zip', files(one.files, 'z')],
  ])('not the same with %s', (_, other) => {
    expect(sameContent(one, other)).toBe(false);
    expect(sameContent(other, one)).toBe(false);
  });
});
