import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { storeObjects } from '../../src/hosts/fetch/store-objects.ts';
import { folderReader } from '../../src/hosts/node/folder-reader.ts';
import { objectKey } from '../../src/tree/store-form.ts';
import type { ObjectName } from '../../src/tree/store-form.ts';

/* Large objects are streamed: none of their bytes leaves before the digest of the whole was right. */

const bytes = randomBytes(9 * 2 ** 20);
const name: ObjectName = [createHash('sha256').update(bytes).digest('hex'), bytes.length];
const folder = mkdtempSync(join(tmpdir(), 'epr-static-objects-'));
const file = join(folder, objectKey(name[0]));
mkdirSync(join(folder, 'objects'));
beforeEach(() => writeFileSync(file, bytes));
afterAll(() => rmSync(folder, { recursive: true }));

const open = () => storeObjects(folderReader(folder));

async function taken(objects: ReturnType<typeof open>, start: number, end: number): Promise<Buffer> {
  return Buffer.from(await new Response(await objects.part(name, start, end)).arrayBuffer());
}

test('a whole object, and a part of it', async () => {
  const objects = open();
  expect((await taken(objects, 0, bytes.length)).equals(bytes)).toBe(true);
  expect((await taken(objects, 8_000_000, 8_000_005)).equals(bytes.subarray(8_000_000, 8_000_005))).toBe(true);
});

test.each([
  ['altered', () => writeFileSync(file, Buffer.concat([bytes.subarray(1), bytes.subarray(0, 1)])), /isn't what/],
  ['cut off', () => truncateSync(file, bytes.length - 1), /isn't what/],
  ['missing', () => rmSync(file), /is missing/],
])('one that is %s', async (_, damage, message) => {
  damage();
  await expect(taken(open(), 0, 5)).rejects.toThrow(message);
});

test('one that is altered after it was found right', async () => {
  const objects = open();
  await taken(objects, 0, 5);
  writeFileSync(file, bytes.toReversed());
  utimesSync(file, new Date(), new Date(1));
  await expect(taken(objects, 0, 5)).rejects.toThrow(name[0]);
  await expect(taken(objects, 0, 5)).rejects.toThrow(/isn't what/);
  writeFileSync(file, bytes);
  expect((await taken(objects, 0, 5)).equals(bytes.subarray(0, 5))).toBe(true);
});

test.runIf(process.platform === 'linux')('a device in a folder is not read', async () => {
  const { range, read, large } = folderReader(folder);
  symlinkSync('/dev/zero', join(folder, 'device'));
  await expect(range('device', 0, 5)).rejects.toThrow('device is no file');
  await expect(large?.open('device', undefined)).rejects.toThrow('device is no file');
  await expect(read('device')).rejects.toThrow('device is no file');
});
