import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listingOf } from '../../src/tree/manifest.ts';
import { openSiteWriter } from '../../src/tree/site-writer.ts';
import { filesOf, temporaryFolder } from '../support/folder.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('writes files, and a line of the manifest for each in the order of writing', () => {
  const folder = temporaryFolder();
  const writer = openSiteWriter(folder);
  writer.write('b/c.json', Buffer.from('{}'), { type: 'application/json', cache: 'index' });
  writeFileSync(writer.resolve('a.zip'), 'zip');
  writer.enter(listingOf([{ path: 'a.zip', size: 3, digest: sha256('zip'), type: 'application/zip', cache: 'files' }]));
  const totals = writer.finish();
  const lines = [
    { path: 'b/c.json', size: 2, digest: sha256('{}'), type: 'application/json', cache: 'index' },
    { path: 'a.zip', size: 3, digest: sha256('zip'), type: 'application/zip', cache: 'files' },
  ];
  const manifest = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  expect(filesOf(folder)).toEqual({ 'a.zip': 'zip', 'b/c.json': '{}', '_registry/manifest/0.ndjson': manifest });
  expect(totals).toEqual({ files: 2, bytes: 5, manifest: sha256(manifest) });
});

test('what an older tree has just so is entered, but not written again', () => {
  const [folder, previous] = [temporaryFolder(), temporaryFolder()];
  const kind = { type: 'text/plain', cache: 'files' } as const;
  openSiteWriter(previous).write('same/a', Buffer.from('1'), kind);
  openSiteWriter(previous).write('other/b', Buffer.from('1'), kind);
  const writer = openSiteWriter(folder, previous);
  const written = ['same/a', 'other/b', 'new/c'].map((path) =>
    writer.write(path, Buffer.from(path === 'other/b' ? '2' : '1'), kind),
  );
  writer.finish();
  expect(filesOf(folder)).toEqual({
    'other/b': '2',
    'new/c': '1',
    '_registry/manifest/0.ndjson': written.map((file) => `${JSON.stringify(file)}\n`).join(''),
  });
});

test('a line of the manifest holds nothing but what a line has', () => {
  const folder = temporaryFolder();
  const writer = openSiteWriter(folder);
  const more = { path: 'a', size: 0, digest: '', type: '', cache: 'none', inode: 1 } as const;
  writer.enter(listingOf([more]));
  writer.finish();
  expect(filesOf(folder)['_registry/manifest/0.ndjson']).not.toContain('inode');
});

test('the manifest has parts of at most 20 MiB, and one digest', () => {
  const folder = temporaryFolder();
  const writer = openSiteWriter(folder);
  const path = `${'ü'.repeat(500_000)}/`;
  const files = Array.from(
    { length: 50 },
    (_, i) => ({ path: path + i, size: 1, digest: '', type: '', cache: 'none' }) as const,
  );
  writer.enter(listingOf(files.slice(0, 1)));
  writer.enter(listingOf(files.slice(1)));
  const totals = writer.finish();
  const parts = Object.entries(filesOf(folder));
  expect(parts.map(([name]) => name)).toEqual(['0', '1', '2'].map((n) => `_registry/manifest/${n}.ndjson`));
  for (const [, text] of parts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20 * 2 ** 20);
  expect(parts.every(([, text]) => text.endsWith('\n'))).toBe(true);
  expect(totals).toEqual({ files: 50, bytes: 50, manifest: sha256(parts.map(([, text]) => text).join('')) });
});

test('an empty site has an empty manifest', () => {
  const folder = temporaryFolder();
  expect(openSiteWriter(folder).finish()).toEqual({ files: 0, bytes: 0, manifest: sha256('') });
  expect(filesOf(folder)).toEqual({ '_registry/manifest/0.ndjson': '' });
});

test.each(['../a', 'a/../../b', '..', 'a\0b', '.', ''])('%j is no place in the site', (path) => {
  const writer = openSiteWriter(join(temporaryFolder(), 'site'));
  expect(() => writer.resolve(path)).toThrow('leaves the site');
});

test.each(['a/../b', '..a/b', '/a', 'a b', '\\..\\a'])('%j is a place in the site', (path) => {
  const folder = temporaryFolder();
  expect(openSiteWriter(folder).resolve(path).startsWith(`${folder}/`)).toBe(true);
});
