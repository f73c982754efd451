import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

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

/** Writes the files of a site below one folder and keeps the site manifest, in the order of writing. */
export interface SiteWriter {
  readonly folder: string;
  /** The place of a path on disk. Throws an Error for a path that leaves the site. */
  resolve(path: string): string;
  /** The same, its folder made. */
  place(path: string): string;
  /** Writes a file that is no package's own. */
  write(path: string, bytes: Buffer, kind: Pick<SiteFile, 'type' | 'cache'>): SiteFile;
  /** Enters a file as `write` does, which is in its place already. */
  note(path: string, bytes: Buffer, kind: Pick<SiteFile, 'type' | 'cache'>): SiteFile;
  /** Enters a file that the caller put in its place. */
  add(file: SiteFile): void;
  /** Writes the manifest. */
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
/** Kept in memory until they are written. */
const LINES = 2000;

export function openSiteWriter(folder: string): SiteWriter {
  const root = join(folder, sep);
  const folders = new Set<string>();
  const digest = createHash('sha256');
  let lines: string[] = [];
  let pending = 0;
  let parts = 0;
  let files = 0;
  let bytes = 0;
  const resolve = (path: string): string => {
    const full = join(root, path);
    if (!full.startsWith(root) || full === root || path.includes('\0'))
      throw new Error(`${JSON.stringify(path)} leaves the site`);
    return full;
  };
  const place = (path: string): string => {
    const full = resolve(path);
    const parent = dirname(full);
    if (!folders.has(parent)) mkdirSync(parent, { recursive: true });
    folders.add(parent);
    return full;
  };
  const flush = (): void => {
    const text = lines.join('');
    digest.update(text);
    appendFileSync(place(`_registry/manifest/${parts}.ndjson`), text);
    lines = [];
  };
  const add = ({ path, size, digest: sha256, type, cache }: SiteFile): void => {
    const line = `${JSON.stringify({ path, size, digest: sha256, type, cache })}\n`;
    const length = Buffer.byteLength(line);
    if (lines.length >= LINES) flush();
    if (pending + length > PART) {
      flush();
      parts++;
      pending = 0;
    }
    lines.push(line);
    pending += length;
    files++;
    bytes += size;
  };
  const note: SiteWriter['note'] = (path, content, kind) => {
    const file = { path, size: content.length, digest: createHash('sha256').update(content).digest('hex'), ...kind };
    add(file);
    return file;
  };
  return {
    folder,
    resolve,
    place,
    add,
    note,
    write: (path, content, kind) => {
      writeFileSync(place(path), content);
      return note(path, content, kind);
    },
    finish: () => {
      flush();
      return { files, bytes, manifest: digest.digest('hex') };
    },
  };
}
