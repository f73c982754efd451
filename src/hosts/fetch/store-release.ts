import type { FileBody } from '../../core/response.ts';
import { asByteString } from '../../tree/byte-string.ts';
import { kindOf, versionIn } from '../../tree/kinds.ts';
import { INDEX, packageFilePath, packageOf } from '../../tree/layout.ts';
import {
  filePlaceIn,
  halfDigest,
  IN_ZIP,
  objectKey,
  pagePlacesIn,
  parseInventory,
  parseRecord,
} from '../../tree/store-form.ts';
import type { Inventory, ObjectName, Place, RevisionRecord, StoreHeader } from '../../tree/store-form.ts';
import { loadIndex } from './index.ts';
import type { Index } from './index.ts';
import { UnreadableFile } from './site-files.ts';
import type { SiteFiles } from './site-files.ts';
import { parsed, requireDigest } from './store-objects.ts';
import type { StoreObjects } from './store-objects.ts';

/*
 * One release of a store, as a site: where each of its files lies, its inventory and the records of its revisions say (docs/store.md).
 */

/** A release that was opened. It never changes. */
export interface OpenRelease {
  readonly id: string;
  readonly header: StoreHeader;
  readonly inventory: Inventory;
  readonly index: Index;
  readonly files: Pick<SiteFiles, 'bytes'> & {
    range(file: FileBody): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined>;
  };
}

/** When a release was published, in seconds since 1970. */
export function changeTime({ published }: StoreHeader): number {
  return Math.floor(Date.parse(published) / 1000);
}

/**
 * Opens a release. Its index must be whole; so must be every pack that the release before doesn't have, if one is given. Throws an
 * `UnreadableFile` that names the object that isn't.
 */
export async function openRelease(
  objects: StoreObjects,
  { id, header }: { readonly id: string; readonly header: StoreHeader },
  before: OpenRelease | undefined,
): Promise<OpenRelease> {
  const key = objectKey(header.inventory[0]);
  const inventory = parsed(key, await objects.whole(header.inventory), parseInventory);
  const files = releaseFiles(objects, inventory);
  const index = await loadIndex(files, changeTime(header));
  if (!index) throw new UnreadableFile(key, `it has no ${INDEX}`);
  if (before) for (const pack of newPacks(inventory, before.inventory)) await objects.whole(pack);
  return { id, header, inventory, index, files };
}

/** The packs of an inventory that another one doesn't have. */
function newPacks({ objects, revisions, files }: Inventory, before: Inventory): ObjectName[] {
  const known = new Set(before.objects.map(([digest]) => digest));
  const places = [
    ...Object.values(revisions).map(({ record }) => record),
    ...Object.values(files).map((one) => one.place),
  ];
  const used = new Set(places.map(([object]) => object));
  return objects.filter(([digest], position) => used.has(position) && !known.has(digest));
}

/** A release while its files are read. */
interface Reading {
  readonly objects: StoreObjects;
  readonly inventory: Inventory;
  readonly records: Map<string, RevisionRecord>;
}

function releaseFiles(objects: StoreObjects, inventory: Inventory): OpenRelease['files'] {
  const reading: Reading = { objects, inventory, records: new Map() };
  return {
    bytes: async (path) => await textOf(reading, path),
    range: async (file) => await rangeOf(reading, file),
  };
}

/** A file that the host reads for itself: a file list, or a part of the index. */
async function textOf(reading: Reading, path: string): Promise<Uint8Array | undefined> {
  const file = own(reading.inventory.files, path);
  if (file) return await contentAt(reading, path, file);
  if (kindOf(path) !== 'file list') return undefined;
  const record = await recordOf(reading, path);
  return record && new TextEncoder().encode(record.list);
}

/** The bytes of a file that a list or the index names. */
async function rangeOf(
  reading: Reading,
  file: FileBody,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined> {
  const { path, start, end, digest } = file;
  if (kindOf(path) === 'zip') {
    const name = reading.inventory.objects[own(reading.inventory.revisions, revisionIn(path))?.zip ?? -1];
    return name?.[0].startsWith(digest) ? await reading.objects.part(name, start, end) : undefined;
  }
  const entry = own(reading.inventory.files, path);
  const place = entry?.place ?? (await placeIn(reading, path));
  if (!place || (entry && !entry.digest.startsWith(halfDigest(digest)))) return undefined;
  return (await contentAt(reading, path, { place, digest })).subarray(start, end);
}

/** The place of a file of a revision, as in the inventory. */
async function placeIn(reading: Reading, path: string): Promise<Place | undefined> {
  const revision = own(reading.inventory.revisions, revisionIn(path));
  const record = revision && (await recordOf(reading, path));
  if (!record) return undefined;
  const { index, signature } = pagePlacesIn(record);
  const [name, version] = [packageOf(path), versionIn(path) ?? ''];
  const inside = path.slice(packageFilePath(name, version, '').length + 1);
  const kind = kindOf(path);
  const place =
    kind === 'package index' ? index : kind === 'signature' ? signature : filePlaceIn(record, asByteString(inside));
  if (!place) return undefined;
  const [where, ...rest] = place;
  return [where === IN_ZIP ? revision.zip : revision.record[0], ...rest];
}

/** The record of the revision that a path belongs to; those that were asked for last are kept. */
async function recordOf(reading: Reading, path: string): Promise<RevisionRecord | undefined> {
  const { inventory, records } = reading;
  const key = revisionIn(path);
  const revision = own(inventory.revisions, key);
  if (!revision) return undefined;
  const known = records.get(key) ?? (await readRecord(reading, key, revision));
  records.delete(key);
  records.set(key, known);
  for (const oldest of records.keys()) {
    if (records.size <= MOST_RECORDS) break;
    records.delete(oldest);
  }
  return known;
}

/** Records that are kept in memory. */
const MOST_RECORDS = 500;

async function readRecord(
  reading: Reading,
  revision: string,
  { record: place, list }: Inventory['revisions'][string],
): Promise<RevisionRecord> {
  const name = objectAt(reading, revision, place);
  const record = parsed(name[0], await reading.objects.content(name, place, undefined), parseRecord);
  await requireDigest(objectKey(name[0]), new TextEncoder().encode(record.list), list);
  return record;
}

function revisionIn(path: string): string {
  return `${packageOf(path)}/${versionIn(path) ?? ''}`;
}

async function contentAt(
  reading: Reading,
  path: string,
  { place, digest }: { readonly place: Place; readonly digest: string },
): Promise<Uint8Array<ArrayBuffer>> {
  return await reading.objects.content(objectAt(reading, path, place), place, digest);
}

function objectAt({ inventory }: Reading, path: string, [object]: Place): ObjectName {
  const name = inventory.objects[object];
  if (!name) throw new UnreadableFile(path, 'it lies in an object that the inventory does not have');
  return name;
}

function own<T>(members: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(members, key) ? members[key] : undefined;
}
