import type { ByteString } from './byte-string.ts';
import { fileEntryIn, parseFileListHead } from './file-list.ts';

/*
 * The form of sites in a store (docs/store.md): which object has which name, and what the documents hold. Edge-plain.
 */

/** Names the current release. It is the one object of a store that is ever overwritten. */
export const POINTER = 'current.json';
/** The folder of the releases' headers. */
export const RELEASES = 'releases/';
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
  /** That of the current release. */
  readonly header: StoreHeader;
}

export interface KeptRelease {
  readonly id: string;
  /** When it ceased to be current, by the clock of the store; undefined for the current one. */
  readonly left?: string;
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
  const pointer = JSON.parse(text) as Partial<StorePointer> | null;
  if (!pointer || pointer.format !== 1 || typeof pointer.current !== 'string' || !pointer.releases || !pointer.header)
    throw new Error('it is no pointer of format 1');
  return pointer as StorePointer;
}

/** Parses an inventory. Throws an Error where the text is none of this format. */
export function parseInventory(text: string): Inventory {
  const inventory = JSON.parse(text) as Partial<Inventory> | null;
  if (!inventory || inventory.format !== 1 || !inventory.objects || !inventory.revisions || !inventory.files)
    throw new Error('it is no inventory of format 1');
  return inventory as Inventory;
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
