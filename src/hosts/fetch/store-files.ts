import type { FileBody } from '../../core/response.ts';
import { asByteString } from '../../tree/byte-string.ts';
import { kindOf, versionIn } from '../../tree/kinds.ts';
import { packageFilePath, packageOf } from '../../tree/layout.ts';
import {
  DEFLATED,
  filePlaceIn,
  halfDigest,
  IN_ZIP,
  objectKey,
  pagePlacesIn,
  parseInventory,
  parsePointer,
  parseRecord,
  POINTER,
} from '../../tree/store-form.ts';
import type { Inventory, Place, RevisionPlace, RevisionRecord, StorePointer } from '../../tree/store-form.ts';
import { lineOf, UnreadableFile } from './site-files.ts';
import type { Log, SiteFiles } from './site-files.ts';

/*
 * The site of a store's current release (docs/store.md), for `fetchHandler` on any host with the Fetch standard.
 */

/** What a reader asks of a store. Undefined means that there is no such object; an error, that it can't be read. */
export interface StoreReader {
  read(key: string): Promise<{ readonly bytes: Uint8Array } | undefined>;
  range(key: string, start: number, end: number): Promise<Uint8Array | undefined>;
}

/** A release, as a reader holds it. */
interface Held {
  readonly pointer: StorePointer;
  readonly inventory: Inventory;
  readonly records: Map<string, RevisionRecord>;
}

/**
 * The files of the current release. The pointer is read again when its cache time is over. Where the new release can't be read, the last
 * good one stays, and the log says why.
 */
export function storeFiles(store: StoreReader, log: Log): Required<SiteFiles> {
  let held: Held | undefined;
  let isDue = 0;
  const refresh = async (): Promise<void> => {
    try {
      held = await heldNow(store, held);
    } catch (error) {
      if (!held) throw error;
      log(lineOf(error));
    }
    isDue = Date.now() + 1000 * (held?.pointer.header.cache.index ?? 0);
  };
  return {
    state: async () => {
      if (Date.now() >= isDue) await refresh();
      if (!held) return undefined;
      const { current, header } = held.pointer;
      return { identity: current, changed: Math.floor(Date.parse(header.published) / 1000) };
    },
    bytes: async (path) => (held ? await textOf(store, held, path) : undefined),
    range: async (file) => (held ? await rangeOf(store, held, file) : undefined),
  };
}

async function heldNow(store: StoreReader, before: Held | undefined): Promise<Held | undefined> {
  const found = await asRead(POINTER, () => store.read(POINTER));
  if (!found) return before;
  const pointer = parsed(POINTER, found.bytes, parsePointer);
  if (pointer.current === before?.pointer.current) return { ...before, pointer };
  const [digest] = pointer.header.inventory;
  const key = objectKey(digest);
  const bytes = (await asRead(key, () => store.read(key)))?.bytes;
  if (!bytes) throw new UnreadableFile(key, 'the pointer names it, and it is missing');
  await requireDigest(key, bytes, digest);
  return { pointer, inventory: parsed(key, bytes, parseInventory), records: new Map() };
}

/** A file that the host reads for itself: a file list, or a part of the index. */
async function textOf(store: StoreReader, held: Held, path: string): Promise<Uint8Array | undefined> {
  const file = own(held.inventory.files, path);
  if (file) return await contentAt(store, held, { path, place: file.place, digest: file.digest });
  if (kindOf(path) !== 'file list') return undefined;
  const record = await recordOf(store, held, path);
  return record && new TextEncoder().encode(record.list);
}

/** The bytes of a file that a list or the index names. */
async function rangeOf(store: StoreReader, held: Held, file: FileBody): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { path, start, end, digest } = file;
  const revision = own(held.inventory.revisions, revisionIn(path));
  if (kindOf(path) === 'zip') {
    const name = held.inventory.objects[revision?.zip ?? -1];
    if (!name?.[0].startsWith(digest)) return undefined;
    return copied(await bytesOf(store, name[0], start, end));
  }
  const entry = own(held.inventory.files, path);
  if (entry && !entry.digest.startsWith(halfDigest(digest))) return undefined; // it is of another release
  const place = entry?.place ?? (await placeIn(store, held, path));
  if (!place) return undefined;
  return copied((await contentAt(store, held, { path, place, digest: entry?.digest ?? digest })).subarray(start, end));
}

/** The place of a file of a revision, as in the inventory. */
async function placeIn(store: StoreReader, held: Held, path: string): Promise<Place | undefined> {
  const revision = own(held.inventory.revisions, revisionIn(path));
  const record = revision && (await recordOf(store, held, path));
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

async function recordOf(store: StoreReader, held: Held, path: string): Promise<RevisionRecord | undefined> {
  const key = revisionIn(path);
  const revision = own(held.inventory.revisions, key);
  if (!revision) return undefined;
  const known = held.records.get(key) ?? (await readRecord(store, held, { key, revision }));
  held.records.delete(key);
  held.records.set(key, known);
  for (const oldest of held.records.keys()) {
    if (held.records.size <= MOST_RECORDS) break;
    held.records.delete(oldest);
  }
  return known;
}

/** Records that are kept in memory. */
const MOST_RECORDS = 500;

async function readRecord(
  store: StoreReader,
  held: Held,
  { key, revision }: { readonly key: string; readonly revision: RevisionPlace },
): Promise<RevisionRecord> {
  const bytes = await contentAt(store, held, { path: key, place: revision.record });
  const record = parsed(key, bytes, parseRecord);
  await requireDigest(key, new TextEncoder().encode(record.list), revision.list);
  return record;
}

function revisionIn(path: string): string {
  return `${packageOf(path)}/${versionIn(path) ?? ''}`;
}

interface Wanted {
  readonly path: string;
  readonly place: Place;
  /** Of the content, or its beginning; undefined where the caller checks the content. */
  readonly digest?: string;
}

async function contentAt(
  store: StoreReader,
  { inventory }: Held,
  { path, place, digest }: Wanted,
): Promise<Uint8Array> {
  const [object, start, length, method, size] = place;
  const name = inventory.objects[object];
  if (!name) throw new UnreadableFile(path, 'it lies in an object that the inventory does not have');
  const bytes = await bytesOf(store, name[0], start, start + length);
  const content = method === DEFLATED ? await inflated(path, bytes) : bytes;
  if (content.length !== size) throw new UnreadableFile(path, `it has ${content.length} bytes, and not ${size}`);
  if (digest !== undefined) await requireDigest(path, content, digest);
  return content;
}

async function bytesOf(store: StoreReader, digest: string, start: number, end: number): Promise<Uint8Array> {
  if (start === end) return new Uint8Array(0);
  const key = objectKey(digest);
  const bytes = await asRead(key, () => store.range(key, start, end));
  if (bytes?.length !== end - start) throw new UnreadableFile(key, bytes ? 'it is too short' : 'it is missing');
  return bytes;
}

async function inflated(path: string, bytes: Uint8Array): Promise<Uint8Array> {
  try {
    const stream = new Blob([copied(bytes)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new UnreadableFile(path, error);
  }
}

async function requireDigest(path: string, content: Uint8Array, digest: string): Promise<void> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', copied(content)));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (!hex.startsWith(digest)) throw new UnreadableFile(path, "it isn't the file that the release names");
}

function parsed<T>(path: string, bytes: Uint8Array, parse: (text: string) => T): T {
  try {
    return parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new UnreadableFile(path, error);
  }
}

async function asRead<T>(key: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new UnreadableFile(key, error);
  }
}

function own<T>(members: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(members, key) ? members[key] : undefined;
}

/** The same bytes, in a form that a response takes. */
function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
