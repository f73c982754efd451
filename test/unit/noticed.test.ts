import { expect, test } from 'vitest';
import type { IndexedRevision } from '../../src/build/index-files.ts';
import { noticed } from '../../src/inspect/client-impact.ts';
import { bodyOf, indexOf, revision } from '../support/registry.ts';

const eight = { kibana: '^8.0.0' };

function changes(before: readonly IndexedRevision[], after: readonly IndexedRevision[]): string[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))];
  return noticed(indexOf(...before).columns, indexOf(...after).columns, names).map((one) => {
    const { prerelease, kibana } = one.clients;
    return `${one.package} ${one.before ?? '-'} > ${one.after ?? '-'}: ${kibana.join(' | ')} (${prerelease})`;
  });
}

test('a new package, for those whose Kibana it accepts', () => {
  expect(changes([], [revision('a@1.0.0')])).toEqual(['a - > 1.0.0: any (any)']);
  expect(changes([], [revision('a@1.0.0', eight)])).toEqual(['a - > 1.0.0: >=8.0.0 <9.0.0 | none (any)']);
  expect(changes([revision('a@1.0.0', eight)], [])).toEqual(['a 1.0.0 > -: >=8.0.0 <9.0.0 | none (any)']);
});

test('a pre-release is noticed by those who ask for one', () => {
  expect(changes([revision('a@1.0.0')], [revision('a@1.0.0'), revision('a@1.1.0-rc1')])).toEqual([
    'a 1.0.0 > 1.1.0-rc1: any (yes)',
  ]);
});

test('an older version under a newer one is noticed only where the newer is refused', () => {
  const newer = revision('a@2.0.0', { kibana: '>=8.5.0' });
  const older = [revision('a@1.0.0', eight), revision('a@1.1.0', { kibana: '^8.2.0' })] as const;
  expect(changes([older[0], newer], [...older, newer])).toEqual(['a 1.0.0 > 1.1.0: >=8.2.0 <8.5.0 (any)']);
});

test('pre-releases of Kibana are stretches of their own', () => {
  expect(changes([], [revision('a@1.0.0', { kibana: '>=8.0.0-0' })])).toEqual([
    'a - > 1.0.0: >=8.0.0 | pre-releases >=8.0.0-0 | none (any)',
  ]);
});

test('what is noticed is what searches answer differently', () => {
  const before = [revision('a@1.0.0', { kibana: '~8.1.0 || >8.4.2' }), revision('a@1.1.0', { kibana: '<=8.3.0' })];
  const after = [...before, revision('a@1.2.0', { kibana: '>=8.2.5 <8.4.3' })];
  const [left, right] = [indexOf(...before), indexOf(...after)];
  const versions = ['8.0.0', '8.1.9', '8.2.4', '8.2.5', '8.3.0', '8.3.1', '8.4.2', '8.4.3', '8.2.5-rc1'];
  const different = versions.filter((version) => {
    const ask = (index: typeof left): string => bodyOf(index, 'search', `kibana.version=${version}`);
    return ask(left) !== ask(right);
  });
  expect(different).toEqual(['8.2.5', '8.3.0', '8.3.1', '8.4.2']);
  expect(changes(before, after)).toEqual([
    'a 1.1.0 > 1.2.0: >=8.2.5 <8.3.1 | none (any)',
    'a - > 1.2.0: >=8.3.1 <8.4.3 (any)',
  ]);
});

test('pre-releases in a hole of a constraint are named on their own', () => {
  const [before, after] = [{ kibana: '>=8.0.0-0' }, { kibana: '>=8.0.0-0, !=8.5-rc1' }];
  expect(changes([revision('a@1.0.0', before)], [revision('a@1.0.0', after)])).toEqual([
    'a 1.0.0 > -: pre-releases 8.5.x-rc1 (any)',
  ]);
});
