import { createHash } from 'node:crypto';
import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FolderStore } from '../../src/publish/folder-store.ts';
import { planPrune } from '../../src/publish/prune.ts';
import { listReleases, rollBack } from '../../src/publish/releases.ts';
import { verifyStore } from '../../src/publish/verify-store.ts';
import type { Inventory, StoreHeader, StorePointer } from '../../src/tree/store-form.ts';
import { temporaryFolder } from '../support/folder.ts';

/* Stores whose documents mean harm: every command names the document, reads nothing outside the store, and changes nothing. */

const NONE = { format: 1, objects: [], revisions: {}, files: {} } as const satisfies Inventory;
const OLD = '000001-0123456789ab';
const NOW = '000002-0123456789ab';

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The texts of a store with two releases, by key, with an inventory in the place of the right one. */
function documents(inventory: object = NONE): Record<string, string> {
  const text = JSON.stringify(inventory);
  const digest = digestOf(text);
  const header: StoreHeader = {
    format: 1,
    sequence: 2,
    published: '2026-01-01T00:00:00.000Z',
    distribution: 'all',
    registry: '1.40.1',
    generator: 'epr-static',
    layers: [{ name: 'main' }],
    manifest: digest,
    release: digest,
    cache: { index: 1, search: 1, categories: 1, files: 1 },
    files: 0,
    bytes: 0,
    objects: 1,
    stored: text.length,
    inventory: [digest, text.length],
  };
  const releases = [{ id: OLD, left: '2026-01-02T00:00:00.000Z' }, { id: NOW }];
  const pointer: StorePointer = { format: 1, change: 2, current: NOW, releases, header };
  return {
    'current.json': JSON.stringify(pointer),
    [`releases/${OLD}.json`]: JSON.stringify(header),
    [`releases/${NOW}.json`]: JSON.stringify(header),
    [`objects/${digest}`]: text,
  };
}

type Changes = Readonly<Record<string, unknown>>;

/** The pointer with other members; those of `header` are members of its header. */
function pointerWith({ header = {}, ...more }: Changes): string {
  const pointer = JSON.parse(documents()['current.json'] ?? '') as StorePointer;
  const other = typeof header === 'object' ? { ...pointer.header, ...header } : header;
  return JSON.stringify({ ...pointer, ...more, header: other });
}

const PRUNING = { keep: 9, olderThan: 0, grace: 0 };

/** What every command says of a store: the code and the message of what it throws, or the codes of its findings. */
async function verdicts(folder: string): Promise<string[]> {
  const store = new FolderStore(folder, { onWait: () => undefined });
  const commands = [
    async () => void (await listReleases(store)),
    async () => (await verifyStore(store, { deep: true, onProgress: () => undefined })).findings,
    async () => void (await planPrune(store, PRUNING)),
    async () => void (await rollBack(store, undefined)),
  ];
  const said: string[] = [];
  for (const command of commands)
    said.push(
      await command().then(
        (findings) => (findings ?? []).map(({ code, where }) => `${code} ${where}`).join(),
        (error: { code?: string; message: string }) => `${error.code ?? 'no code'} ${error.message}`,
      ),
    );
  return said;
}

test('nothing is wrong with the store that the others are made of', async () => {
  expect(await verdicts(temporaryFolder(documents()))).toEqual(['', '', '', '']);
});

describe('a pointer', () => {
  test.each<[string, string]>([
    ['that is empty', ''],
    ['of nested lists', '['.repeat(1_000_000)],
    ['that is null', 'null'],
    ['that is a list', '[]'],
    ['of another format', pointerWith({ format: 2 })],
    ['with a prototype of its own', '{"__proto__":{"format":1,"current":"x"}}'],
    ['to a number', pointerWith({ current: 7 })],
    ['that leads up', pointerWith({ current: '../../x' })],
    ['with a release that leads up', pointerWith({ releases: [{ id: '../../../../etc/passwd' }, { id: NOW }] })],
    ['with a NUL', pointerWith({ releases: [{ id: `${OLD}\0` }] })],
    ['with releases that are a text', pointerWith({ releases: 'abc' })],
    ['with releases that are null', pointerWith({ releases: [null] })],
    ['with too many releases', pointerWith({ releases: Array.from({ length: 10_001 }, () => ({ id: OLD })) })],
    ['with a mark that is none', pointerWith({ pruning: {} })],
    ['without a header', pointerWith({ header: 'x' })],
    ['with an inventory that leads up', pointerWith({ header: { inventory: ['../../x', 1] } })],
    ['with an inventory that is a number', pointerWith({ header: { inventory: 7 } })],
    ['with an inventory of no size', pointerWith({ header: { inventory: [digestOf(''), -1] } })],
    ['with layers that are null', pointerWith({ header: { layers: [null] } })],
    ['with times that are none', pointerWith({ header: { cache: { index: '1\r\nx: y' } } })],
  ])('%s is named', async (_, text) => {
    const folder = temporaryFolder({ ...documents(), 'current.json': text });
    for (const said of await verdicts(folder)) expect(said).toMatch(/^store-damaged current\.json in /);
  });

  test.runIf(process.platform === 'linux')('that is a device is not read', async () => {
    const folder = temporaryFolder(documents());
    rmSync(join(folder, 'current.json'));
    symlinkSync('/dev/zero', join(folder, 'current.json'));
    for (const said of await verdicts(folder)) expect(said).toMatch(/^store-damaged .*current\.json is no file/);
  });
});

test.each(['', '[]', '{"format":1}', pointerWith({}), '['.repeat(1_000_000)])(
  'a header that is none: %.20s',
  async (text) => {
    const folder = temporaryFolder({ ...documents(), [`releases/${OLD}.json`]: text });
    const [listed, verified, pruned, rolled] = await verdicts(folder);
    expect([listed, verified]).toEqual(['', `object-missing releases/${OLD}.json`]);
    for (const said of [pruned, rolled]) expect(said).toMatch(/^store-damaged the header of /);
  },
);

describe('an inventory, whose digest is right,', () => {
  const place = [0, 0, 1, 0, 1, 1];
  const revision = { record: place, from: 0, list: '', zip: -1 };
  test.each<[string, object]>([
    ['of another format', { ...NONE, format: 2 }],
    ['with an object that leads up', { ...NONE, objects: [['../../x', 1]] }],
    ['with objects that are null', { ...NONE, objects: [null] }],
    ['with a place in no object', { ...NONE, files: { x: { place, digest: '' } } }],
    ['with a place that is none', { ...NONE, objects: [[digestOf(''), 0]], files: { x: { place: 7, digest: '' } } }],
    [
      'with a place before its object',
      { ...NONE, objects: [[digestOf(''), 0]], files: { x: { place: [0, -1, 1, 0, 1, 1], digest: '' } } },
    ],
    ['with a revision in no object', { ...NONE, revisions: { 'a/1.0.0': revision } }],
    [
      'with a zip in no object',
      { ...NONE, objects: [[digestOf(''), 0]], revisions: { 'a/1.0.0': { ...revision, zip: 1 } } },
    ],
    ['with files that are a list', { ...NONE, files: [] }],
  ])('%s is named', async (_, inventory) => {
    const folder = temporaryFolder(documents(inventory));
    const before = readdirSync(folder, { recursive: true }).sort();
    const [listed, verified, pruned, rolled] = await verdicts(folder);
    const key = `objects/${digestOf(JSON.stringify(inventory))}`;
    expect([listed, verified]).toEqual(['', [NOW, OLD].map(() => `object-changed ${key}`).join()]);
    for (const said of [pruned, rolled]) expect(said).toContain(`store-damaged ${key} in `);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
  });

  test('that is another one is named', async () => {
    const folder = temporaryFolder(documents());
    const key = `objects/${digestOf(JSON.stringify(NONE))}`;
    writeFileSync(join(folder, key), JSON.stringify(NONE).replace('{', '{ '));
    for (const said of (await verdicts(folder)).slice(2))
      expect(said).toMatch(/^store-damaged objects\/.* is not what its name says/);
  });
});
