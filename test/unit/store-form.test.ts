import { deflateRawSync } from 'node:zlib';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../src/commands/build/run.ts';
import { silentProgress } from '../../src/report.ts';
import { formOf } from '../../src/publish/form.ts';
import { EMPTY_INVENTORY, reusable } from '../../src/publish/reuse.ts';
import { readSiteParts } from '../../src/publish/site-parts.ts';
import { zipPlaces } from '../../src/publish/zip-places.ts';
import type { RevisionParts } from '../../src/publish/site-parts.ts';
import { contentAt } from '../../src/publish/content-at.ts';
import { openPack } from '../../src/publish/packs.ts';
import { writeRecord } from '../../src/publish/record.ts';
import { IN_PACK, IN_ZIP, parseRecord } from '../../src/tree/store-form.ts';
import type { RecordPlaces, Inventory } from '../../src/tree/store-form.ts';
import { temporaryFolder } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import { filesOfRelease, filesOfSite } from '../support/store.ts';
import { made } from '../support/zip-bytes.ts';

const zips = fileURLToPath(new URL('../cases/zips', import.meta.url));
const home = temporaryFolder();
const out = join(home, 'dist');

const OPTIONS = { dist: 'all', refs: {}, skipUnfit: false, offline: false };

async function buildSite(name: string, files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = join(home, name);
  writeFiles(folder, {
    'content/distributions.yml': distributions('../storage', ['main']),
    'content/static/about/us.txt': 'About us.\n',
    ...under('storage/main/packages', files),
  });
  cpSync(zips, join(folder, 'storage/main/packages'), { recursive: true, filter: (path) => !path.includes('flat') });
  const config = join(folder, 'content/distributions.yml');
  await build({ ...OPTIONS, config, out: join(out, name), cache: join(home, 'cache') }, silentProgress);
  return join(out, name, 'all');
}

/** The objects of a site by digest, as a store has them after several releases. */
const store = new Map<string, Buffer>();

async function publish(site: string, known: Inventory): Promise<{ inventory: Inventory; sent: string[] }> {
  const parts = await readSiteParts(site);
  const form = formOf(
    parts,
    reusable(known, parts, (digest) => store.has(digest)),
  );
  const sent: string[] = [];
  for (;;) {
    const { value, done } = await form.next();
    if (done === true) return { inventory: value, sent };
    if (store.has(value.digest)) continue;
    sent.push(value.type);
    store.set(value.digest, await value.read());
  }
}

const base = {
  ...packageFiles('acme', '1.0.0', { 'docs/README.md': 'long '.repeat(99), 'docs/é.txt': 'é', '1': 'one', empty: '' }),
  ...packageFiles('acme', '1.1.0', { ['__proto__']: 'x', 'a/b.json': '{}' }),
};

describe('a site in the form of a store', () => {
  let before: string;
  let first: Inventory;
  beforeAll(async () => {
    before = await buildSite('before', base);
    first = (await publish(before, EMPTY_INVENTORY)).inventory;
  });

  test('holds every file, and no package file twice', async () => {
    expect(filesOfRelease(first, objectOf)).toEqual(await filesOfSite(before));
    expect(Object.keys(first.revisions)).toHaveLength(4);
  });

  test('is the same every time, and nothing is sent again', async () => {
    const again = await publish(before, first);
    expect(again).toEqual({ inventory: first, sent: [] });
    expect((await publish(before, EMPTY_INVENTORY)).inventory).toEqual(first);
  });

  test.each([
    [
      'a README, sends the zip, a pack of its revision, and release.json',
      { 'acme/1.1.0/docs/README.md': 'changed' },
      3,
    ],
    [
      'a package, sends its zip and packs of its revision, of answers and of the index',
      packageFiles('new', '1.0.0'),
      4,
    ],
  ])('after a change of %s', async (name, change, count) => {
    const site = await buildSite(name, { ...base, ...change });
    const { inventory, sent } = await publish(site, first);
    expect(sent).toEqual(['application/zip', ...Array.from({ length: count - 1 }, () => 'application/octet-stream')]);
    expect(filesOfRelease(inventory, objectOf)).toEqual(await filesOfSite(site));
    expect(filesOfRelease(first, objectOf)).toEqual(await filesOfSite(before));
  });

  test('packs again what lies in a pack that the store has lost', async () => {
    const [digest] = first.objects.find((_, i) => first.files['favicon.ico']?.place[0] === i) ?? [''];
    store.delete(digest);
    const { inventory, sent } = await publish(before, first);
    expect([inventory, sent]).toEqual([first, ['application/octet-stream']]);
  });
});

test('a file that its zip does not hold byte for byte lies in the pack', async () => {
  const site = await buildSite('other-zip', base);
  const parts = (await readSiteParts(site)).revisions.find(({ version }) => version === '1.1.0') as RevisionParts;
  const zip = made([
    { name: 'acme-1.1.0/a/b.json', content: Buffer.from('[]') },
    { name: 'acme-1.1.0/manifest.yml', content: Buffer.from('no stream'), stored: true, method: 8, size: 9 },
    { name: 'acme-1.1.0/docs/README.md', content: Buffer.from('# acme\n'), stored: true },
  ]);
  writeFileSync(join(site, parts.zip?.path ?? ''), zip);
  const pack = openPack();
  const place = await writeRecord(site, { parts, zip, add: (content) => pack.add(content, 0) });
  const { places } = parseRecord(String(contentAt(pack.close().bytes, place)));
  const files = Object.entries((JSON.parse(places) as RecordPlaces).files);
  expect(files.map(([path, [object]]) => [path, object])).toEqual([
    ['__proto__', IN_PACK],
    ['a/b.json', IN_PACK],
    ['docs/README.md', IN_ZIP],
    ['manifest.yml', IN_PACK],
  ]);
});

function objectOf(digest: string): Buffer {
  const bytes = store.get(digest);
  if (!bytes) throw new Error(`no object ${digest}`);
  return bytes;
}

describe('the places in a zip', () => {
  const content = Buffer.from('text '.repeat(50));

  test('are of stored and deflated files, whatever the local header says of their sizes', () => {
    const zip = made([
      { name: 'a-1/', stored: true },
      { name: 'a-1/stored', content, stored: true },
      { name: 'a-1/streamed', content, local: { packed: 0, size: 0, crc: 0 } },
    ]);
    const places = placesOf(zip);
    const [, start = 0, length = 0] = places.get('a-1/stored') ?? [];
    expect(zip.subarray(start, start + length)).toEqual(content);
    const [, from = 0, bytes = 0, method] = places.get('a-1/streamed') ?? [];
    expect([method, zip.subarray(from, from + bytes)]).toEqual([8, deflateRawSync(content)]);
  });

  test.each([
    ['a zip whose members are packed by another method', made([{ name: 'a-1/file', content, method: 12 }])],
    ['bytes that are no zip', Buffer.from('no zip')],
    ['no bytes', Buffer.alloc(0)],
  ])('are none of %s', (_, zip) => {
    expect([...placesOf(zip).keys()]).toEqual([]);
  });
});

function placesOf(zip: Buffer): ReturnType<typeof zipPlaces> {
  const path = join(home, 'a.zip');
  writeFileSync(path, zip);
  return zipPlaces(path);
}
