import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { FolderStore } from '../../src/publish/folder-store.ts';
import { nextPointer, swapPointer, withCurrent } from '../../src/publish/pointer.ts';
import { beginPurges, endPurge, unpurged } from '../../src/publish/purge/record.ts';
import type { KeptRelease, StoreHeader, StorePointer } from '../../src/tree/store-form.ts';
import { temporaryFolder } from '../support/cli.ts';

/* What caches may still hold, in a store whose pointer was written by a program that doesn't know by which change a release ended. */

const AT = { cdn: 'cloudflare', site: 'https://packages.example.org/' };
const [a, b, c] = ['000001-aaaaaaaaaaaa', '000002-bbbbbbbbbbbb', '000003-cccccccccccc'] as const;
const left = '2026-01-01T00:00:00.000Z';
const digest = '0'.repeat(64);
const header: StoreHeader = {
  format: 1,
  sequence: 1,
  published: left,
  distribution: 'all',
  registry: '1.0.0',
  generator: 'test',
  layers: [],
  manifest: digest,
  release: digest,
  cache: { index: 10, search: 10, categories: 10, files: 10 },
  files: 1,
  bytes: 1,
  objects: 1,
  stored: 1,
  inventory: [digest, 1],
};

/** As such a program writes it. */
function pointerOf(change: number, current: string, releases: readonly KeptRelease[]): StorePointer {
  return { format: 1, change, current, releases, header };
}

let store: FolderStore;
beforeEach(async () => {
  store = new FolderStore(join(temporaryFolder(), 'store'), { onWait: () => undefined });
  await swapPointer(store, pointerOf(10, b, [{ id: a, left }, { id: b }]), undefined);
  await beginPurges(store, AT);
});

test('what had ended before the first purge is the care of others', async () => {
  const old = pointerOf(10, b, [{ id: a, left }, { id: b }]);
  expect(await unpurged(store, AT, old)).toEqual([]);
  const releases = withCurrent(old, c, Date.parse(left));
  const next = nextPointer(old, { current: c, releases });
  expect(releases).toEqual([{ id: a, left, until: 10 }, { id: b, left, until: 11 }, { id: c }]);
  expect(await unpurged(store, AT, next)).toEqual([b]);
  await endPurge(store, AT, next);
  expect(await unpurged(store, AT, next)).toEqual([]);
});

test('what such a program ended since then is to be purged', async () => {
  const found = await unpurged(store, AT, pointerOf(11, c, [{ id: a, left }, { id: b, left }, { id: c }]));
  expect(found).toEqual([a, b]); // nobody knows when a ended
});
