import { describe, expect, test } from 'vitest';
import { updatesOf } from '../../src/catalog/updates.ts';
import type { PastLayer } from '../../src/catalog/updates.ts';
import { layerOf } from '../support/layers.ts';

const places = (text: string): string[] => text.split(' ').flatMap((id) => (id === '' ? [] : placeOf(id)));

/** A layer that holds ids now. Each commit is its time, and what it added and removed. */
function past(
  name: string,
  ids: readonly string[],
  commits: readonly (readonly [number, string, string?])[],
): PastLayer {
  return {
    name,
    packages: 'packages',
    revisions: layerOf(name, ids).revisions,
    commits: commits.map(([time, added, removed = '']) => {
      return { commit: `${name} ${time}`, time, added: places(added), removed: places(removed) };
    }),
  };
}

/** Zips lie beside folders. */
function placeOf(id: string): string {
  return id.endsWith('.zip') ? `packages/${id.replace('@', '-')}` : `packages/${id.replace('@', '/')}`;
}

const shown = (layers: readonly PastLayer[], isShown: (id: string) => boolean = () => true, most = 100): string[] =>
  updatesOf(layers, isShown, most).map(({ commit, moves }) => {
    const words = moves.map(({ name, version, from, to }) => `${name} ${version} ${from ?? '-'}>${to ?? '-'}`);
    return `${commit}: ${words.join(', ')}`;
  });

describe('updates', () => {
  test('are what a commit changed in what is served: a promotion moves a version, and what it removes below changes nothing', () => {
    const layers = [
      past(
        'production',
        ['a@1.0.0', 'a@1.1.0'],
        [
          [30, 'a@1.1.0'],
          [10, 'a@1.0.0'],
        ],
      ),
      past(
        'snapshot',
        ['b@1.0.0'],
        [
          [31, '', 'a@1.1.0'],
          [20, 'a@1.1.0 b@1.0.0.zip'],
        ],
      ),
    ];
    expect(shown(layers)).toEqual([
      'production 30: a 1.1.0 snapshot>production',
      'snapshot 20: a 1.1.0 ->snapshot, b 1.0.0 ->snapshot',
      'production 10: a 1.0.0 ->production',
    ]);
  });

  test('of one second add above before they remove below', () => {
    const layers = [past('production', ['a@1.0.0'], [[5, 'a@1.0.0']]), past('staging', [], [[5, '', 'a@1.0.0']])];
    expect(shown(layers)).toEqual(['production 5: a 1.0.0 staging>production']);
  });

  test('are what went, and what came back from a lower layer', () => {
    const layers = [past('production', [], [[9, '', 'a@1.0.0 a@2.0.0']]), past('staging', ['a@1.0.0'], [])];
    expect(shown(layers)).toEqual(['production 9: a 1.0.0 production>staging, a 2.0.0 production>-']);
  });

  test('count what a commit replaces, as a folder by its zip, as nothing', () => {
    expect(shown([past('production', ['a@1.0.0'], [[9, 'a@1.0.0.zip', 'a@1.0.0']])])).toEqual([]);
  });

  test('leave out what is not shown, and what no registry can serve; and are at most so many', () => {
    const commits = [
      [4, 'd@1.0.0'],
      [3, 'c@1.0.0 <b>@1.0.0 e@latest no-zip'],
      [2, 'b@1.0.0'],
      [1, 'a@1.0.0'],
    ] as const;
    const layers = [past('production', ['a@1.0.0', 'b@1.0.0', 'c@1.0.0', 'd@1.0.0'], commits)];
    expect(shown(layers, (id) => id !== 'b@1.0.0', 2)).toEqual([
      'production 4: d 1.0.0 ->production',
      'production 3: c 1.0.0 ->production',
    ]);
    expect(shown(layers, (id) => id !== 'b@1.0.0')).toHaveLength(3);
  });
});
