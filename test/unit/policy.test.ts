import { describe, expect, test } from 'vitest';
import { policyFindings, titleFindings } from '../../src/workflow/policy.ts';
import type { LayerChange, Touched, Twin } from '../../src/workflow/policy.ts';

const STRICT = { overwrite: 'never', remove: 'never' } as const;
const STAGING = { overwrite: 'warn', remove: 'exception' } as const;
const FREE = { overwrite: 'allow', remove: 'allow' } as const;

function touched(id: string, more: Partial<Touched> = {}): Touched {
  const [name = '', version = ''] = id.split('@');
  return { id, version, where: `packages/${name}/${version}`, twins: [], above: [], ...more };
}

function twin(layer: string, more: Partial<Twin> = {}): Twin {
  return { layer, isAbove: true, sameContent: true, ...more };
}

function removedWith(one: Twin): Touched[] {
  return [touched('acme@1.0.0', { twins: [one] })];
}

function outcome(change: Partial<LayerChange>): string[] {
  const nothing = { layer: 'staging', policy: STAGING, added: [], overwritten: [], removed: [], reason: undefined };
  return policyFindings({ ...nothing, ...change }).map(({ code, level }) => `${level} ${code}`);
}

describe('what is added', () => {
  test('a version newer than all above is fine, and so is one that lower layers hold with the same content', () => {
    const above = [{ version: '1.0.0', layer: 'production' }];
    const twins = [twin('snapshot', { isAbove: false })];
    expect(outcome({ added: [touched('acme@1.1.0', { above, twins })] })).toEqual([]);
    expect(outcome({ added: [touched('acme@1.0.1-rc1', { above })] })).toEqual([]);
  });

  test.each([
    ['1.0.0', 'is already in production'],
    ['0.9.0', 'is lower than 1.10.0, which is in production'],
    ['1.9.0', 'is lower than 1.10.0, which is in production'],
    ['1.10.0-rc1', 'is lower than 1.10.0, which is in production'],
  ])('%s, which is not newer, is an error', (version, text) => {
    const above = ['1.0.0', '1.10.0'].map((one) => ({ version: one, layer: 'production' }));
    const added = [touched(`acme@${version}`, { above })];
    const nothing = { layer: 'staging', policy: STAGING, overwritten: [], removed: [], reason: undefined };
    expect(policyFindings({ ...nothing, added })).toEqual([
      {
        code: 'not-newer',
        where: `staging: packages/acme/${version}`,
        file: `packages/acme/${version}`,
        text,
        level: 'error',
      },
    ]);
  });

  test('different content under the same id is an error, wherever the other is', () => {
    for (const isAbove of [true, false])
      expect(
        outcome({ added: [touched('acme@1.0.0', { twins: [twin('x', { isAbove, sameContent: false })] })] }),
      ).toEqual(['error collision']);
  });
});

describe('what is overwritten', () => {
  test.each([
    [STRICT, ['error overwrite']],
    [STAGING, ['warning overwrite']],
    [FREE, []],
  ] as const)('by the policy %j', (policy, expected) => {
    expect(outcome({ policy, overwritten: [{ ...touched('acme@1.0.0'), sameContent: false }] })).toEqual(expected);
    expect(outcome({ policy, overwritten: [{ ...touched('acme@1.0.0'), sameContent: true }] })).toEqual(['note modes']);
  });
});

test.each([
  [STRICT, ['error overwrite', 'error collision']],
  [STAGING, ['warning overwrite', 'warning collision']],
  [FREE, ['warning collision']],
] as const)('what is overwritten by the policy %j may differ from other layers', (policy, expected) => {
  const twins = [twin('production', { sameContent: false })];
  expect(outcome({ policy, overwritten: [{ ...touched('acme@1.0.0', { twins }), sameContent: false }] })).toEqual(
    expected,
  );
});

describe('what is removed', () => {
  test.each([
    [STRICT, undefined, ['error remove']],
    [STRICT, 'broken', ['error remove']],
    [STAGING, undefined, ['error remove']],
    [STAGING, 'broken', ['warning remove']],
    [FREE, undefined, []],
  ] as const)('by the policy %j and the reason %s', (policy, reason, expected) => {
    expect(outcome({ policy, reason, removed: [touched('acme@1.0.0')] })).toEqual(expected);
  });

  test('what a higher layer holds with the same content was promoted', () => {
    expect(outcome({ policy: STRICT, removed: removedWith(twin('production')) })).toEqual(['note promoted']);
    for (const other of [twin('production', { sameContent: false }), twin('snapshot', { isAbove: false })])
      expect(outcome({ policy: STRICT, removed: removedWith(other) })).toEqual(['error remove']);
  });
});

test('what is said to be promoted stays until the higher layer holds the same content, whatever the policy', () => {
  const change = { policy: FREE, promotedTo: 'production' };
  expect(outcome({ ...change, removed: [touched('acme@1.0.0')] })).toEqual(['error not-promoted']);
  expect(outcome({ ...change, removed: removedWith(twin('production')) })).toEqual(['note promoted']);
  const other = twin('production', { sameContent: false });
  expect(outcome({ ...change, removed: removedWith(other) })).toEqual(['error not-promoted']);
});

test('more than one package is a note, more than one version of it is none', () => {
  expect(outcome({ added: [touched('acme@1.0.0'), touched('acme@1.1.0')] })).toEqual([]);
  expect(outcome({ added: [touched('acme@1.0.0'), touched('other@1.1.0')] })).toEqual(['note packages']);
});

test('a title begins with the layer in brackets', () => {
  expect(titleFindings('staging', undefined)).toEqual([]);
  expect(titleFindings('staging', '[staging] Add acme-1.0.0')).toEqual([]);
  for (const title of ['', 'staging', ' [staging] x', '[Staging] x', '[production] x'])
    expect(titleFindings('staging', title)).toMatchObject([{ code: 'title', level: 'error' }]);
});
