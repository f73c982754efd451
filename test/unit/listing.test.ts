import { describe, expect, test } from 'vitest';
import { listRevisions } from '../../src/storage/listing.ts';
import type { LayerItem } from '../../src/storage/listing.ts';

const entry = (path: string, kind: LayerItem['kind'] = 'folder'): LayerItem => ({
  path,
  kind,
  source: `source of ${path}`,
  fault: undefined,
});

function list(entries: readonly LayerItem[], packages = 'packages') {
  return listRevisions({ name: 'staging', packages }, entries);
}

test('a folder in a folder is a revision', () => {
  const { revisions, findings } = list([entry('acme'), entry('acme/1.0.0')]);
  expect(findings).toEqual([]);
  expect(revisions).toEqual([
    {
      id: 'acme@1.0.0',
      name: 'acme',
      version: '1.0.0',
      layer: 'staging',
      where: 'packages/acme/1.0.0',
      source: 'source of acme/1.0.0',
      zipped: false,
      signature: undefined,
    },
  ]);
});

test('a zip is a revision', () => {
  const { revisions } = list([entry('acme-1.0.0-rc.1.zip', 'file')]);
  expect(revisions).toMatchObject([
    {
      id: 'acme@1.0.0-rc.1',
      where: 'packages/acme-1.0.0-rc.1.zip',
      source: 'source of acme-1.0.0-rc.1.zip',
      zipped: true,
    },
  ]);
});

test("a layer's own folder may hold the packages", () => {
  expect(list([entry('acme/1.0.0')], '').revisions[0]?.where).toBe('acme/1.0.0');
});

test('a signature lies beside its revision', () => {
  const { revisions } = list([
    entry('acme/1.0.0.sig', 'file'),
    entry('acme/1.0.0'),
    entry('acme/1.1.0'),
    entry('zip-1.0.0.zip', 'file'),
    entry('zip-1.0.0.zip.sig', 'file'),
    entry('none/1.0.0'),
    entry('none/1.0.0.sig'),
  ]);
  const signatures = Object.fromEntries(revisions.map(({ id, signature }) => [id, signature]));
  expect(signatures).toEqual({
    'acme@1.0.0': 'source of acme/1.0.0.sig',
    'acme@1.1.0': undefined,
    'zip@1.0.0': 'source of zip-1.0.0.zip.sig',
    'none@1.0.0': undefined,
    'none@1.0.0.sig': undefined,
  });
});

describe('what is no revision', () => {
  test.each<[string, LayerItem['kind']]>([
    ['acme', 'folder'],
    ['README.md', 'file'],
    ['acme-1.0.0.tar', 'file'],
    ['acme/notes.md', 'file'],
    ['acme/1.0.0/docs', 'folder'],
  ])('%s, a %s', (path, kind) => {
    const findings =
      kind === 'file' && path !== 'README.md' ? [expect.objectContaining({ code: 'stray', level: 'warning' })] : [];
    expect(list([entry(path, kind)])).toEqual({ revisions: [], findings });
  });
});

test.each(['acme.zip', '-1.0.0.zip', 'acme/acme-1.0.0.zip'])('%s is a zip in the wrong place', (path) => {
  expect(list([entry(path, 'file')])).toMatchObject({
    revisions: [],
    findings: [{ code: 'unfit', where: `staging: packages/${path}`, level: 'error' }],
  });
});

test('what is neither a file nor a folder is a finding', () => {
  expect(list([entry('acme/1.0.0', 'other')])).toEqual({
    revisions: [],
    findings: [
      {
        code: 'not-a-file',
        where: 'staging: packages/acme/1.0.0',
        text: 'is neither a file nor a folder',
        level: 'error',
      },
    ],
  });
});

test.each([
  [[entry('acme-1.0.0.zip', 'file'), entry('acme/1.0.0')]],
  [[entry('acme/1.0.0'), entry('acme-1.0.0.zip', 'file')]],
])('of a folder and a zip with one id the folder stays, with a finding', (entries) => {
  const { revisions, findings } = list(entries);
  expect(revisions.map(({ where }) => where)).toEqual(['packages/acme/1.0.0']);
  expect(findings).toEqual([
    {
      code: 'twice',
      where: 'staging: packages/acme-1.0.0.zip',
      text: 'acme@1.0.0 is also at packages/acme/1.0.0; that one is used',
      level: 'error',
    },
  ]);
});
