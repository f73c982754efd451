import type { ByteString } from './byte-string.ts';
import { fileEntryIn, parseFileListHead } from './file-list.ts';

/*
 * The form of sites in a store (docs/store.md): which object has which name, and what the documents hold. Edge-plain.
 */

/** Names the current release. It is the one object of a store that is ever overwritten. */
export const POINTER = 'current.json';
/** The folder of the releases' headers. */
export const RELEASES = 'releases/';
/** The folder of what is known of purges, a document for each site at a CDN. Readers don't need it. */
export const PURGES = 'purges/';
/** The folder of everything that is named by its digest: zips, packs and inventories. */
export const OBJECTS = 'objects/';

/** The key of what has this SHA-256, in hex. */
export function objectKey(digest: string): string {
  return OBJECTS + digest;
}

export function releaseKey(id: string): string {
  return `${RELEASES}${id}.json`;
}

/** A content lies there as it is. */
export const STORED = 0;
/** A content lies there as a raw deflate stream (RFC 1951). */
export const DEFLATED = 8;

/**
 * Where a content lies: the bytes from `start` up to `start + length` of an object. `size` and `crc32` are of the content itself, as a gzip
 * trailer needs them. In an inventory, `object` is a position in `objects`; in a record, it is `IN_ZIP` or `IN_PACK`.
 */
export type Place = readonly [
  object: number,
  start: number,
  length: number,
  method: typeof STORED | typeof DEFLATED,
  size: number,
  crc32: number,
];

/** In a record: the zip of the revision. */
export const IN_ZIP = 0;
/** In a record: the pack that holds the record. */
export const IN_PACK = 1;

/** What a store says of one release: the document at `releaseKey`, and a part of the pointer. */
export interface StoreHeader {
  readonly format: 1;
  /** The `change` of the pointer that first named the release. */
  readonly sequence: number;
  /** By the clock of whoever published it, for people. */
  readonly published: string;
  readonly distribution: string;
  readonly registry: string;
  readonly generator: string;
  readonly layers: readonly { readonly name: string; readonly ref?: string; readonly commit?: string }[];
  /** The SHA-256 of the site manifest, in hex. */
  readonly manifest: string;
  /** The SHA-256 of the site's `release.json`, in hex. */
  readonly release: string;
  /** `max-age` of answers in seconds, by cache class. */
  readonly cache: {
    readonly index: number;
    readonly search: number;
    readonly categories: number;
    readonly files: number;
  };
  /** The site answers below `/artifacts/`, too. */
  readonly artifacts?: true;
  /** Files of the site, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Objects that the release needs, its inventory included, and their bytes. */
  readonly objects: number;
  readonly stored: number;
  readonly inventory: ObjectName;
}

/** SHA-256 in hex, and bytes. */
export type ObjectName = readonly [digest: string, size: number];

/** The pointer of a store. */
export interface StorePointer {
  readonly format: 1;
  /** Counts the changes of the pointer. */
  readonly change: number;
  readonly current: string;
  /** All releases that the store keeps, the oldest first. */
  readonly releases: readonly KeptRelease[];
  /** Names the prune that is under way. */
  readonly pruning?: string;
  /** The largest `until` of the releases that were pruned. */
  readonly forgotten?: number;
  /** That of the current release. */
  readonly header: StoreHeader;
}

export interface KeptRelease {
  readonly id: string;
  /** When it ceased to be current, by the clock of the store; undefined for the current one. */
  readonly left?: string;
  /** The change of the pointer by which it ceased to be current. */
  readonly until?: number;
}

/** Everything that a release holds: the object that a header names. */
export interface Inventory {
  readonly format: 1;
  /** The zips and packs that the release needs. */
  readonly objects: readonly ObjectName[];
  /** By `<name>/<version>`. */
  readonly revisions: { readonly [revision: string]: RevisionPlace };
  /** The files that belong to no revision, by path in the site. Paths are byte strings. */
  readonly files: { readonly [path: string]: FilePlace };
}

/** A revision's pages, its record last, lie in one pack without a gap. */
export interface RevisionPlace {
  readonly record: Place;
  /** Where the first of these begins. */
  readonly from: number;
  /** The first half of the SHA-256 of the revision's file list, in hex. */
  readonly list: string;
  /** The position of its zip in `objects`; -1 where it has none. */
  readonly zip: number;
}

export interface FilePlace {
  readonly place: Place;
  /** The first half of the SHA-256 of the content, in hex. */
  readonly digest: string;
}

/** How much of a digest the documents hold. */
export function halfDigest(digest: string): string {
  return digest.slice(0, 32);
}

/** Parses the pointer. Throws an Error where the text is none of this format. */
export function parsePointer(text: string): StorePointer {
  const pointer = JSON.parse(text) as StorePointer;
  const isPointer =
    isObject(pointer) &&
    pointer.format === 1 &&
    isCount(pointer.change) &&
    isReleaseId(pointer.current) &&
    isOptionalText(pointer.pruning) &&
    isOptionalCount(pointer.forgotten) &&
    isHeader(pointer.header) &&
    Array.isArray(pointer.releases) &&
    pointer.releases.length <= MOST_RELEASES &&
    pointer.releases.every(isKeptRelease);
  if (!isPointer) throw new Error('it is no pointer of format 1');
  return pointer;
}

/** Parses the header of a release. Throws an Error where the text is none of this format. */
export function parseHeader(text: string): StoreHeader {
  const header = JSON.parse(text) as StoreHeader;
  if (!isHeader(header)) throw new Error('it is no header of format 1');
  return header;
}

/** Parses an inventory. Throws an Error where the text is none of this format. */
export function parseInventory(text: string): Inventory {
  const inventory = JSON.parse(text) as Inventory;
  const isInventory =
    isObject(inventory) &&
    inventory.format === 1 &&
    Array.isArray(inventory.objects) &&
    inventory.objects.every(isObjectName) &&
    isObject(inventory.revisions) &&
    isObject(inventory.files);
  if (!isInventory) throw new Error('it is no inventory of format 1');
  const count = inventory.objects.length;
  const isRevision = (one: RevisionPlace): boolean =>
    isObject(one) &&
    isPlace(one.record, count) &&
    isCount(one.from) &&
    typeof one.list === 'string' &&
    (one.zip === -1 || (isCount(one.zip) && one.zip < count));
  const isFile = (one: FilePlace): boolean =>
    isObject(one) && isPlace(one.place, count) && typeof one.digest === 'string';
  if (!Object.values(inventory.revisions).every(isRevision) || !Object.values(inventory.files).every(isFile))
    throw new Error('it has a place that is none');
  return inventory;
}

/** Far more than anybody keeps. */
const MOST_RELEASES = 10000;

function isHeader(header: StoreHeader): boolean {
  return (
    isObject(header) &&
    header.format === 1 &&
    [header.published, header.distribution, header.registry, header.generator].every(isText) &&
    [header.manifest, header.release].every(isDigest) &&
    [header.sequence, header.files, header.bytes, header.objects, header.stored].every(isCount) &&
    isObject(header.cache) &&
    [header.cache.index, header.cache.search, header.cache.categories, header.cache.files].every(isCount) &&
    isObjectName(header.inventory) &&
    Array.isArray(header.layers) &&
    header.layers.every(
      (one) => isObject(one) && isText(one.name) && isOptionalText(one.ref) && isOptionalText(one.commit),
    )
  );
}

function isPlace(place: Place, objects: number): boolean {
  if (!Array.isArray(place) || place.length !== 6 || !place.every(isCount)) return false;
  return place[0] < objects && (place[3] === STORED || place[3] === DEFLATED);
}

function isKeptRelease(one: KeptRelease): boolean {
  return isObject(one) && isReleaseId(one.id) && isOptionalText(one.left) && isOptionalCount(one.until);
}

/** A release is called by its sequence and the beginning of a digest, which no path leads anywhere else by. */
function isReleaseId(id: unknown): boolean {
  return isText(id) && /^[0-9]{1,15}-[0-9a-f]{12}$/.test(id);
}

function isObjectName(name: ObjectName): boolean {
  return Array.isArray(name) && name.length === 2 && isDigest(name[0]) && isCount(name[1]);
}

function isDigest(text: unknown): boolean {
  return isText(text) && /^[0-9a-f]{64}$/.test(text);
}

function isCount(number: unknown): boolean {
  return Number.isSafeInteger(number) && (number as number) >= 0;
}

function isOptionalCount(number: unknown): boolean {
  return number === undefined || isCount(number);
}

function isText(text: unknown): text is string {
  return typeof text === 'string';
}

function isOptionalText(text: unknown): boolean {
  return text === undefined || isText(text);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/*
 * The record of a revision is two lines: its file list as the site has it (`file-list.ts`), and, in the same form, the places of its
 * contents.
 */

export interface RevisionRecord {
  /** The text of the file list. */
  readonly list: string;
  /** The text of the places. */
  readonly places: string;
}

export interface RecordPlaces {
  readonly index?: Place;
  readonly signature?: Place;
  /** By path inside the package. Paths are byte strings. */
  readonly files: { readonly [path: string]: Place };
}

/** The text of a record. */
export function recordText(list: string, places: RecordPlaces): string {
  return `${list}\n${JSON.stringify({ index: places.index, signature: places.signature, files: places.files })}\n`;
}

/** Parses the text of a record, as far as its two lines. Throws an Error where it is none. */
export function parseRecord(text: string): RevisionRecord {
  const lines = text.split('\n');
  if (lines.length !== 3) throw new Error('it is no record of a revision');
  return { list: lines[0] as string, places: lines[1] as string };
}

/** The place of a file of the package; undefined where the record has none. */
export function filePlaceIn(record: RevisionRecord, path: ByteString): Place | undefined {
  return fileEntryIn<Place>(record.places, path);
}

/** The places of the package index and of the signature. */
export function pagePlacesIn(record: RevisionRecord): Omit<RecordPlaces, 'files'> {
  return parseFileListHead<Omit<RecordPlaces, 'files'>>(record.places);
}
