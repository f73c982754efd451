import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { Coding } from '../../src/hosts/nginx/njs/encoding.ts';
import { acceptedCodings, encodedPath, gzipOnTheWay, isCompressible } from '../../src/hosts/nginx/njs/encoding.ts';
import { listedFiles } from '../../src/tree/manifest.ts';
import { openSiteWriter } from '../../src/tree/site-writer.ts';
import { nginxForms } from '../../src/hosts/nginx/encoded.ts';
import { openEncodedList, readEncodedList } from '../../src/tree/encoded.ts';
import type { EncodedFile } from '../../src/tree/encoded.ts';
import { addForms } from '../support/target.ts';

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

test('the list of forms holds paths of any characters', () => {
  const paths = ['plain', 'with space', '","size":1', '\\","size":', 'ünïcödé-日本語 🚀', 'line\nbreak'];
  const list = openEncodedList(Buffer.alloc(0));
  const file = { size: 1, digest: 'd', source: 's', how: 'br-5' };
  for (const path of paths) list.set({ path, ...file });
  const again = openEncodedList(Buffer.from(list.text()));
  for (const path of paths) expect(again.get(path)).toEqual({ path, ...file });
  expect(again.text()).toBe(list.text());
  again.delete('plain');
  expect([...again.files()].map(({ path }) => path).sort()).toEqual(paths.slice(1).sort());
});

describe('the compressed forms of a site', () => {
  const long = Buffer.from('{"a": "long text"}\n'.repeat(99));
  const longForm = (coding: Coding): string => encodedPath('package/a/1.0.0/a.json', sha256(long), coding);
  const answerForms = ['br', 'gz'].map((extension) => `_registry/answers/0123456789abcdef.json.${extension}`);
  const forms = [...answerForms, longForm('br'), longForm('gzip')].sort();
  const cache = join(work, 'cache');

  test('are made once per different content of packages, where they are smaller, and listed apart', async () => {
    const folder = writeSite('first');
    const before = await listedFiles(folder);
    await addForms(folder, nginxForms('all'), cache);
    expect(listed(folder).map(({ path }) => path)).toEqual(forms);
    expect(await listedFiles(folder)).toEqual(before);
    expect(brotliDecompressSync(read(folder, longForm('br')))).toEqual(long);
    expect(gunzipSync(read(folder, longForm('gzip')))).toEqual(long);
    for (const { path, size, digest } of listed(folder))
      expect([path, size, digest]).toEqual([path, read(folder, path).length, sha256(read(folder, path))]);
  });

  test('can be those of the JSON alone', async () => {
    const folder = writeSite('json');
    await addForms(folder, nginxForms('json'));
    expect(listed(folder)).toHaveLength(2);
  });

  test('are the same from a cache, without one, and from one that is broken', async () => {
    const [warm, cold, broken] = ['warm', 'cold', 'broken'].map(writeSite) as [string, string, string];
    await addForms(warm, nginxForms('all'), cache);
    await addForms(cold, nginxForms('all'));
    const packs = join(cache, 'contents/packs');
    for (const name of readdirSync(packs).filter((one) => one.endsWith('.pack')))
      writeFileSync(join(packs, name), 'something else');
    await addForms(broken, nginxForms('all'), cache);
    for (const folder of [warm, cold, broken]) {
      expect(listed(folder)).toEqual(listed(join(work, 'first')));
      for (const path of forms) expect(read(folder, path)).toEqual(read(join(work, 'first'), path));
    }
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

function listed(folder: string): EncodedFile[] {
  return [...openEncodedList(readEncodedList(folder)).files()];
}

function read(folder: string, path: string): Buffer {
  return readFileSync(join(folder, path));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
