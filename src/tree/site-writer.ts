import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inside } from './inside.ts';

/** How long clients may keep a path: a key of the distribution's cache times; `none` for what no client asks for. */
export type CacheClass = 'index' | 'search' | 'categories' | 'files' | 'none';

/** A line of the site manifest. */
export interface SiteFile {
  /** Relative to the site's folder. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  readonly type: string;
  readonly cache: CacheClass;
}

/** Lines of the site manifest, and what the files that they name come to. */
export interface Listing {
  readonly text: Buffer;
  readonly files: number;
  /** Bytes of the files. */
  readonly bytes: number;
}

/** The lines of some files. */
export function listingOf(list: readonly SiteFile[]): Listing {
  const lines = list.map(
    ({ path, size, digest, type, cache }) => `${JSON.stringify({ path, size, digest, type, cache })}\n`,
  );
  const bytes = list.reduce((sum, { size }) => sum + size, 0);
  return { text: Buffer.from(lines.join('')), files: list.length, bytes };
}

/** Some listings as one. */
export function joinListings(listings: readonly Listing[]): Listing {
  const sum = (count: (listing: Listing) => number): number => listings.reduce((total, one) => total + count(one), 0);
  return {
    text: Buffer.concat(listings.map(({ text }) => text)),
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
  };
}

/** Writes files of a site below one folder, and the site manifest in the order in which files are entered. */
export interface SiteWriter {
  readonly folder: string;
  /** The place of a path on disk. Throws an Error for a path that leaves the site. */
  resolve(path: string): string;
  /** Writes a file that is no package's own, its folder too, and enters it; its digest need not be known. */
  write(path: string, bytes: Buffer, kind: Pick<SiteFile, 'type' | 'cache'> & { readonly digest?: string }): SiteFile;
  /** Enters files that the caller has put in their places. */
  enter(listing: Listing): void;
  /** Writes the rest of the manifest. */
  finish(): SiteTotals;
}

export interface SiteTotals {
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 over all parts of the manifest. */
  readonly manifest: string;
}

/** The most bytes that a part of the manifest has: hosts limit a file's size. */
const PART = 20 * 2 ** 20;
/** Bytes of the manifest that are kept in memory until they are written. */
const PENDING = 2 ** 20;

/** `previous` is a folder with an older tree of the same site, which need not be given again what it has. */
export function openSiteWriter(folder: string, previous?: string): SiteWriter {
  const folders = new Set<string>();
  const manifest = manifestWriter((part) => place(`_registry/manifest/${part}.ndjson`));
  let files = 0;
  let bytes = 0;
  const resolve = (path: string): string => inside(folder, path);
  const place = (path: string): string => {
    const full = resolve(path);
    const parent = dirname(full);
    if (!folders.has(parent)) mkdirSync(parent, { recursive: true });
    folders.add(parent);
    return full;
  };
  const enter = (listing: Listing): void => {
    manifest.append(listing.text);
    files += listing.files;
    bytes += listing.bytes;
  };
  return {
    folder,
    resolve,
    enter,
    write: (path, content, kind) => {
      if (previous === undefined || !holds(join(previous, path), content)) writeFileSync(place(path), content);
      const digest = kind.digest ?? createHash('sha256').update(content).digest('hex');
      const file = { path, size: content.length, digest, type: kind.type, cache: kind.cache };
      enter(listingOf([file]));
      return file;
    },
    finish: () => ({ files, bytes, manifest: manifest.finish() }),
  };
}

function holds(path: string, content: Buffer): boolean {
  try {
    return readFileSync(path).equals(content);
  } catch {
    return false;
  }
}

/** Writes lines to files of at most `PART` bytes, each at the place that `placeOf` gives its number. */
function manifestWriter(placeOf: (part: number) => string): { append(lines: Buffer): void; finish(): string } {
  const digest = createHash('sha256');
  let waiting: Buffer[] = [];
  let part = 0;
  let length = 0;
  let written = 0;
  const flush = (): void => {
    const bytes = Buffer.concat(waiting);
    digest.update(bytes);
    appendFileSync(placeOf(part), bytes);
    written = length;
    waiting = [];
  };
  const add = (lines: Buffer): void => {
    waiting.push(lines);
    length += lines.length;
    if (length - written > PENDING) flush();
  };
  return {
    append: (lines) => {
      let rest = lines;
      while (length + rest.length > PART) {
        const end = wholeLines(rest, PART - length);
        if (end === 0 && length === 0) break; // one line that is longer than a part
        add(rest.subarray(0, end));
        rest = rest.subarray(end);
        flush();
        part++;
        length = written = 0;
      }
      add(rest);
    },
    finish: () => {
      flush();
      return digest.digest('hex');
    },
  };
}

/** How many of the first `room` bytes are whole lines. */
function wholeLines(lines: Buffer, room: number): number {
  return room === 0 ? 0 : lines.lastIndexOf(10, room - 1) + 1;
}
