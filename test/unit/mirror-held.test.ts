import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { toKeyFile } from '../../src/config/keys.ts';
import type { Held, LockedRevision, Mirrored, Mirroring } from '../../src/mirror/mirroring.ts';
import { temporaryFolder } from '../support/folder.ts';
import { heldIds, mirror, said } from '../support/mirroring.ts';
import { makeSigner } from '../support/signatures.ts';
import { LIST, packageZip, startUpstream, status, zipAt } from '../support/upstream.ts';
import type { Upstream } from '../support/upstream.ts';

const signer = await makeSigner();
const stranger = await makeSigner();
const KEYS = [toKeyFile('acme.asc', signer.publicKey)];
const ZIP = zipAt('acme', '1.0.0');

let upstream: Upstream;
let cache: string;

beforeEach(async () => {
  upstream = await startUpstream();
  cache = temporaryFolder();
});

/** A run, and only the requests that it sends. */
async function run(more: Partial<Mirroring> = {}): Promise<Mirrored> {
  upstream.seen.length = 0;
  return await mirror(upstream.url, cache, more);
}

function zipOf(mirrored: Mirrored, at = 0): string {
  return mirrored.held[at]?.zip.file ?? '';
}

/** Where the records of the registry lie. */
function registryFolder(): string {
  const names = readdirSync(join(cache, 'registries'));
  return join(cache, 'registries', names.find((name) => name !== 'contents') ?? '');
}

async function addSigned(version: string, sign = signer): Promise<void> {
  const zip = packageZip('acme', version);
  upstream.add('acme', version, { zip, signature: await sign.sign(zip) });
}

describe('what a registry no longer lists', () => {
  beforeEach(async () => {
    upstream.add('acme', '1.0.0', { summary: { type: 'old' } });
    upstream.add('acme', '2.0.0');
    await run();
    upstream.list.shift();
    upstream.files.delete(ZIP);
  });

  test('is kept', async () => {
    for (const more of [{}, {}, { offline: true }]) {
      const mirrored = await run(more);
      expect(said(mirrored)).toEqual([]);
      expect(heldIds(mirrored)).toEqual(['acme@1.0.0', 'acme@2.0.0']);
      expect(mirrored.held[0]?.listed.facts).toEqual({ type: 'old' });
      expect(mirrored.report).toMatchObject({ listed: 1, gone: [{ id: 'acme@1.0.0', isKept: true }] });
    }
  });

  test('is kept, though the list of the last run is lost', async () => {
    const registry = registryFolder();
    truncateSync(join(registry, 'list.json'), 10);
    await expect(run({ offline: true })).rejects.toMatchObject({ code: 'offline' });
    const mirrored = await run();
    expect(heldIds(mirrored)).toEqual(['acme@1.0.0', 'acme@2.0.0']);
    expect(mirrored.held[0]?.listed.facts).toEqual({ type: '' });
  });

  test('is not dropped by an empty list', async () => {
    upstream.list = [];
    const said = expect.stringContaining(
      'lists no packages; with gone: drop, none of the 2 in the cache would be served',
    );
    await expect(run({ gone: 'drop' })).rejects.toMatchObject({ code: 'no-registry', message: said });
    expect(heldIds(await run())).toEqual(['acme@1.0.0', 'acme@2.0.0']);
  });

  test('is dropped, and told once', async () => {
    const mirrored = await run({ gone: 'drop' });
    expect(said(mirrored)).toEqual(['gone warning: is no longer listed, and left out (gone: drop)']);
    expect(heldIds(mirrored)).toEqual(['acme@2.0.0']);
    expect(mirrored.report.gone).toEqual([{ id: 'acme@1.0.0', isKept: false }]);
    for (const more of [{ offline: true }, { gone: 'drop' }, { gone: 'keep' }] as const) {
      const later = await run(more);
      expect(said(later)).toEqual([]);
      expect(heldIds(later)).toEqual(['acme@2.0.0']);
    }
  });

  test('is refused', async () => {
    for (const more of [{}, { offline: true }]) {
      const mirrored = await run({ gone: 'refuse', ...more });
      expect(said(mirrored)).toEqual([expect.stringContaining('gone error: is no longer listed (gone: refuse)')]);
      expect(heldIds(mirrored)).toEqual(['acme@2.0.0']);
    }
    expect(heldIds(await run())).toEqual(['acme@1.0.0', 'acme@2.0.0']);
  });

  test('is nothing that is not wanted', async () => {
    const mirrored = await run({
      gone: 'refuse',
      wanted: { kind: 'chosen', ranges: [], choose: (list) => list.filter(({ version }) => version !== '1.0.0') },
    });
    expect(said(mirrored)).toEqual([]);
    expect(mirrored.report.gone).toEqual([]);
  });
});

describe('with refresh', () => {
  test('other bytes are told, and count', async () => {
    upstream.add('acme', '1.0.0');
    upstream.add('acme', '2.0.0');
    const before = await run();
    const other = packageZip('acme', '1.0.0', 'other');
    upstream.files.set(ZIP, other);
    expect((await run()).held).toEqual(before.held);
    const mirrored = await run({ refresh: true });
    expect(mirrored.report).toMatchObject({ requests: 3, new: [], replaced: ['acme@1.0.0'] });
    expect(said(mirrored)).toEqual([
      expect.stringMatching(/^replaced warning: has another zip than before: its SHA-256 was [0-9a-f]{64}, and is /),
    ]);
    expect(readFileSync(zipOf(mirrored))).toEqual(other);
    expect((await run({ offline: true })).held).toEqual(mirrored.held);
  });

  test('what can not be had again stays', async () => {
    await addSigned('1.0.0');
    const before = await run({ keys: KEYS });
    upstream.files.set(ZIP, packageZip('acme', '1.0.0', 'other'));
    const signed = await run({ keys: KEYS, refresh: true });
    expect(said(signed)).toEqual([
      expect.stringMatching(
        /^signature warning: gives a signature that is not over acme-1.0.0.zip .*; the one that the cache holds counts$/,
      ),
    ]);
    expect(signed.held).toEqual(before.held);
    upstream.always(ZIP, status(404));
    const missing = await run({ keys: KEYS, refresh: true });
    expect(said(missing)).toEqual(['refused warning: answers 404; the one that the cache holds counts']);
    expect(missing.held).toEqual(before.held);
    expect((await run({ keys: KEYS, offline: true })).held).toEqual(before.held);
  });
});

const broken: [string, (file: string) => void][] = [
  ['altered', (file) => writeFileSync(file, readFileSync(file).fill(0, 40, 41))],
  ['cut, with its time set back', (file) => withTime(file, () => truncateSync(file, 50))],
  ['removed', (file) => rmSync(file)],
  ['a folder', (file) => (rmSync(file), mkdirSync(join(file, 'a'), { recursive: true }))],
];

function withTime(file: string, change: () => void): void {
  const { mtime } = statSync(file);
  change();
  utimesSync(file, mtime, mtime);
}

describe('a damaged cache', () => {
  test.each(broken)('%s: is fetched again', async (_, damage) => {
    await addSigned('1.0.0');
    await addSigned('2.0.0');
    const before = await run();
    damage(zipOf(before));
    damage(before.held[1]?.signature?.file ?? '');
    await expect(run({ offline: true })).rejects.toMatchObject({
      code: 'offline',
      message: `elastic: the cache lacks packages of ${upstream.url}, or their signatures: acme@1.0.0, acme@2.0.0`,
    });
    const mirrored = await run();
    expect(said(mirrored)).toEqual([]);
    expect(upstream.paths()).toEqual([ZIP, `${zipAt('acme', '2.0.0')}.sig`, LIST]);
    expect(mirrored.held).toEqual(before.held);
    expect(mirrored.report.new).toEqual([]);
    expect(readFileSync(zipOf(mirrored))).toEqual(packageZip('acme', '1.0.0'));
  });

  test('another time alone is no damage', async () => {
    upstream.add('acme', '1.0.0');
    const file = zipOf(await run());
    const time = statSync(file).mtimeMs;
    utimesSync(file, 1e9, 1e9);
    expect((await run()).report.requests).toBe(1);
    expect(statSync(file).mtimeMs).toBe(time);
  });

  test('records that are cut or nonsense are forgotten', async () => {
    upstream.add('acme', '1.0.0');
    upstream.add('acme', '2.0.0');
    await run();
    const registry = registryFolder();
    const file = join(registry, 'held.ndjson');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `nonsense\n{} 1\n${text.slice(0, -20)}`);
    const mirrored = await run();
    expect(mirrored.report).toMatchObject({ held: 2, requests: 2 });
    expect((await run()).report.requests).toBe(1);
  });
});

const lock = ({ listed: { name, version }, zip: { size, digest }, signature }: Held): LockedRevision => ({
  name,
  version,
  size,
  digest,
  signature: signature?.digest,
});

test('folders in the place of files are no harm', async () => {
  upstream.add('acme', '1.0.0');
  const before = await run();
  const registry = registryFolder();
  for (const name of ['held.ndjson', 'list.json']) broken[3]?.[1](join(registry, name));
  expect((await run()).held).toEqual(before.held);
  broken[3]?.[1](zipOf(before));
  const wanted = { kind: 'locked', revisions: before.held.map(lock) } as const;
  expect((await run({ wanted })).held[0]?.zip).toEqual(before.held[0]?.zip);
});
const locked = (mirrored: Mirrored): Pick<Mirroring, 'wanted'> => ({
  wanted: { kind: 'locked', revisions: mirrored.held.map(lock) },
});

describe('locked revisions', () => {
  test('are held without a list, or fetched', async () => {
    await addSigned('1.0.0');
    upstream.add('acme', '2.0.0');
    const before = await run();
    upstream.list.length = 0;
    const again = await run(locked(before));
    expect(again.report).toMatchObject({ requests: 0, held: 2 });
    cache = temporaryFolder();
    const fresh = await run(locked(before));
    expect(fresh.held.map(lock)).toEqual(before.held.map(lock));
    expect(upstream.paths()).toEqual([ZIP, `${ZIP}.sig`, zipAt('acme', '2.0.0')]);
  });

  test('count as the lock file has them, whatever came later', async () => {
    await addSigned('1.0.0');
    const before = await run();
    const other = packageZip('acme', '1.0.0', 'other');
    upstream.files.set(ZIP, other);
    upstream.files.set(`${ZIP}.sig`, Buffer.from(await signer.sign(other)));
    const later = await run({ refresh: true });
    const again = await run({ ...locked(before), refresh: true });
    expect(again.held.map(lock)).toEqual(before.held.map(lock));
    expect(again.report).toMatchObject({ requests: 0, replaced: [] });
    expect((await run()).held).toEqual(later.held);
    cache = temporaryFolder();
    const fresh = await run(locked(before));
    expect(said(fresh)).toEqual([
      expect.stringContaining('refused error: gives another zip than the lock file has: its SHA-256 is '),
    ]);
    expect(fresh.held).toEqual([]);
  });

  test('that are missing end a run without a network', async () => {
    upstream.add('acme', '1.0.0');
    const before = await run();
    cache = temporaryFolder();
    await expect(run({ ...locked(before), offline: true })).rejects.toMatchObject({ code: 'offline' });
  });
});

describe('signatures', () => {
  test('are brought, and verified by keys', async () => {
    await addSigned('1.0.0');
    await addSigned('1.0.1', stranger);
    upstream.add('acme', '1.0.2', { signature: await signer.sign(Buffer.from('something else')) });
    upstream.add('acme', '1.0.3');
    await addSigned('1.0.4');
    upstream.always(`${zipAt('acme', '1.0.4')}.sig`, status(404));
    const mirrored = await run({ keys: KEYS });
    expect(heldIds(mirrored)).toEqual(['acme@1.0.0', 'acme@1.0.3']);
    expect(mirrored.held.map(({ signature }) => signature !== undefined)).toEqual([true, false]);
    expect(said(mirrored)).toEqual([
      expect.stringContaining(
        `signature error: gives a signature that signs acme-1.0.1.zip with the key ${stranger.id}`,
      ),
      expect.stringContaining('signature error: gives a signature that is not over acme-1.0.2.zip'),
      'refused error: answers 404',
    ]);
    await run({ keys: KEYS });
    const asked = ['1.0.1', '1.0.2', '1.0.4'].map((version) => `${zipAt('acme', version)}.sig`);
    expect(upstream.paths()).toEqual([...asked, LIST]);
  });

  test('may be required', async () => {
    await addSigned('1.0.0');
    upstream.add('acme', '1.0.3');
    for (const offline of [false, true]) {
      const mirrored = await run({ keys: KEYS, signatures: 'required', offline });
      expect(heldIds(mirrored)).toEqual(['acme@1.0.0']);
      expect(said(mirrored)).toEqual(['signature error: has no signature, and this distribution requires one']);
    }
  });

  test('that were held without keys are verified once there are keys, and once only', async () => {
    await addSigned('1.0.0');
    await addSigned('1.0.1', stranger);
    expect(heldIds(await run())).toEqual(['acme@1.0.0', 'acme@1.0.1']);
    const mirrored = await run({ keys: KEYS });
    expect(heldIds(mirrored)).toEqual(['acme@1.0.0']);
    expect(upstream.paths()).toEqual([LIST]);
    expect(heldIds(await run({ keys: KEYS, offline: true }))).toEqual(['acme@1.0.0']);
    expect(heldIds(await run())).toEqual(['acme@1.0.0', 'acme@1.0.1']);
  });

  test.each([
    ['a page', '<h1>Not found</h1>', 'signature error: gives a signature that is no armored OpenPGP signature: '],
    ['large', 'x'.repeat(70_000), 'limit error: is larger than a signature: more than 65536 bytes'],
    ['nothing', '', 'signature error: gives a signature that is no armored OpenPGP signature: '],
  ])('that are none are refused: %s', async (_, signature, text) => {
    upstream.add('acme', '1.0.0', { signature });
    upstream.list = [{ name: 'acme', version: '1.0.0', signature_path: 'x' }];
    expect(said(await run())).toEqual([expect.stringContaining(text)]);
  });

  test('that come later are fetched', async () => {
    upstream.add('acme', '1.0.0');
    await run();
    upstream.list.length = 0;
    await addSigned('1.0.0');
    const mirrored = await run();
    expect(upstream.paths()).toEqual([`${ZIP}.sig`, LIST]);
    expect(mirrored.held[0]?.signature).toBeDefined();
  });
});

test('two runs at once fetch everything once', async () => {
  for (const version of ['1.0.0', '1.0.1', '1.0.2']) upstream.add('acme', version);
  const waits: string[] = [];
  const all = await Promise.all(
    [1, 2, 3].map(() => mirror(upstream.url, cache, { onWait: (holder) => waits.push(holder) })),
  );
  for (const one of all) expect(heldIds(one)).toEqual(['acme@1.0.0', 'acme@1.0.1', 'acme@1.0.2']);
  expect(upstream.seen).toHaveLength(3 + 3);
  expect(waits).not.toEqual([]);
});

test('progress is told in bytes, and ends where it says', async () => {
  const steps: [number, number][] = [];
  const zips = [10, 2000, 70_000].map((size, i) => packageZip('acme', `1.0.${i}`, Buffer.alloc(size).toString('hex')));
  for (const [i, zip] of zips.entries()) upstream.add('acme', `1.0.${i}`, { zip });
  await run({ onBytes: (done, total) => steps.push([done, total]), pace: { concurrency: 1 } });
  const all = zips.reduce((sum, { length }) => sum + length, 0);
  expect(steps.at(-1)?.[0]).toBe(all);
  for (const [done, total] of steps) expect(done).toBeLessThanOrEqual(total);
});
