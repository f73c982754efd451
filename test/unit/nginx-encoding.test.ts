import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { Coding } from '../../src/hosts/nginx/njs/encoding.ts';
import { acceptedCodings, encodedPath, gzipOnTheWay, isCompressible } from '../../src/hosts/nginx/njs/encoding.ts';
import { listedFiles } from '../../src/tree/manifest.ts';
import { openSiteWriter } from '../../src/tree/site-writer.ts';
import { encodeSite } from '../../src/hosts/nginx/encoded.ts';

const work = mkdtempSync(join(tmpdir(), 'epr-static-encoding-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

test.each([
  [undefined, []],
  ['', []],
  ['gzip', ['gzip']],
  ['br', ['br']],
  ['gzip, deflate, br', ['br', 'gzip']],
  ['GZIP,Br', ['br', 'gzip']],
  ['br;q=0.5, gzip', ['gzip', 'br']],
  ['br ; q=0.5 , gzip;q=0.5', ['br', 'gzip']],
  ['br;q=0, gzip;q=0.000', []],
  ['br;q=x, gzip', ['gzip']],
  ['*', []],
  ['x-gzip, brotli', []],
  ['constructor, __proto__', []],
])('Accept-Encoding: %s', (accept, codings) => {
  expect(acceptedCodings(accept)).toEqual(codings);
});

test.each([
  [undefined, 'no'],
  ['br, deflate', 'no'],
  ['gzip', 'yes'],
  ['deflate,gzip , br', 'yes'],
  ['gzip;q=0.5', 'unsure'],
  ['x-gzip', 'unsure'],
  ['gzip, gzip;q=0', 'unsure'],
])('what nginx does with Accept-Encoding: %s', (accept, expected) => {
  expect(gzipOnTheWay(accept)).toBe(expected);
});

test.each([
  ['application/json', true],
  ['text/markdown; charset=utf-8', true],
  ['image/svg+xml', true],
  ['application/zip', false],
  ['image/png', false],
  ['application/octet-stream', false],
])('%s shrinks: %s', (type, shrinks) => {
  expect(isCompressible(type)).toBe(shrinks);
});

describe('the compressed forms of a site', () => {
  const long = Buffer.from('{"a": "long text"}\n'.repeat(99));
  const longForm = (coding: Coding): string => encodedPath('package/a/1.0.0/a.json', sha256(long), coding);
  const answerForms = ['br', 'gz'].map((extension) => `_registry/answers/0123456789abcdef.json.${extension}`);
  const forms = [...answerForms, longForm('br'), longForm('gzip')].sort();
  const folder = writeSite('first');

  test('are made once per different content of packages, where they are smaller, and listed', async () => {
    const before = await listedFiles(folder);
    const added = await encodeSite(folder, {});
    expect(added.map(({ path }) => path).sort()).toEqual(forms);
    expect(await listedFiles(folder)).toEqual([...before, ...added]);
    expect(brotliDecompressSync(read(folder, longForm('br')))).toEqual(long);
    expect(gunzipSync(read(folder, longForm('gzip')))).toEqual(long);
    const manifest = Buffer.concat([0, 1].map((part) => read(folder, `_registry/manifest/${part}.ndjson`)));
    expect(JSON.parse(read(folder, '_registry/release.json').toString())).toEqual({
      ...RELEASE,
      manifest: sha256(manifest),
    });
  });

  test('can be those of the JSON alone', async () => {
    const other = writeSite('json');
    expect(await encodeSite(other, { files: 'json' })).toHaveLength(2);
  });

  test('are taken over from an older tree, unless they are broken', async () => {
    const next = writeSite('next');
    const [kept, broken] = [longForm('br'), longForm('gzip')];
    writeFileSync(join(folder, broken), gzipSync('something else'));
    const added = await encodeSite(next, { previous: folder });
    for (const path of [kept, ...answerForms])
      expect(statSync(join(next, path)).ino).toBe(statSync(join(folder, path)).ino);
    expect(gunzipSync(read(next, broken))).toEqual(long);
    for (const { path, size, digest } of added)
      expect([path, size, digest]).toEqual([path, read(next, path).length, sha256(read(next, path))]);
  });

  function writeSite(name: string): string {
    const root = join(work, name);
    mkdirSync(root);
    const writer = openSiteWriter(root);
    const json = { type: 'application/json', cache: 'search' } as const;
    writer.write('_registry/answers/0123456789abcdef.json', Buffer.from('[1, 2, 3]\n'.repeat(50)), json);
    writer.write('_registry/columns-1.json', Buffer.from('[1, 2, 3]\n'.repeat(60)), { ...json, cache: 'none' });
    for (const path of ['package/a/1.0.0/a.json', 'package/a/1.0.1/a.json'])
      writer.write(path, long, { ...json, cache: 'files' });
    writer.write('package/a/1.0.0/tiny.txt', Buffer.from('x'), { type: 'text/plain', cache: 'files' });
    writer.write('epr/a/a-1.0.0.zip', Buffer.alloc(999), { type: 'application/zip', cache: 'files' });
    const { manifest } = writer.finish();
    writeFileSync(join(root, '_registry/release.json'), JSON.stringify({ ...RELEASE, manifest }));
    expect(existsSync(join(root, '_registry/manifest/0.ndjson'))).toBe(true);
    return root;
  }
});

const RELEASE = { distribution: 'a', registry: '1.40.1', generator: 'b', layers: [] };

function read(folder: string, path: string): Buffer {
  return readFileSync(join(folder, path));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
