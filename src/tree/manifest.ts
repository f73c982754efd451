import { appendFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST, manifestPartPath, packageOf } from './layout.ts';
import { filesIn } from './list-lines.ts';
import type { NamedFile } from './list-lines.ts';
import { manifestHash } from './manifest-digests.ts';
import type { ManifestDigests } from './manifest-digests.ts';

/*
 * The site manifest: one line of JSON for each file of a site, except the parts of the manifest and `release.json`. The
 * lines of a package stand together. Packages are sorted by name; then come the files that belong to no package, and
 * last the pages for people. The manifest depends on the content of a site alone.
 */

/**
 * How long clients may keep a file: a key of the distribution's cache times, or `none` for a file that no client asks
 * for.
 */
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

/** The text of a line, with its line break. */
export function manifestLine({ path, size, digest, type, cache }: SiteFile): string {
  return `${JSON.stringify({ path, size, digest, type, cache })}\n`;
}

/** Parses a line, with or without its line break. */
export function parseManifestLine(line: string): SiteFile {
  return JSON.parse(line) as SiteFile;
}

/** Lines of the site manifest, with the number and the bytes of the files that they name. */
export interface Listing {
  readonly text: Buffer;
  readonly files: number;
  /** Bytes of the files. */
  readonly bytes: number;
}

/** The lines of some files. */
export function listingOf(list: readonly SiteFile[]): Listing {
  const bytes = list.reduce((sum, { size }) => sum + size, 0);
  return { text: Buffer.from(list.map(manifestLine).join('')), files: list.length, bytes };
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

/** The whole manifest of the site in a folder, as bytes. Throws an Error if it can't be read. */
export async function readManifest(folder: string): Promise<Buffer> {
  const parts = await manifestParts(folder);
  return Buffer.concat(await Promise.all(parts.map((part) => readFile(part))));
}

/** Everything that the manifest of the site in a folder lists, in its order. */
export async function listedFiles(folder: string): Promise<SiteFile[]> {
  const files: SiteFile[] = [];
  for await (const file of eachListedFile(folder)) files.push(file);
  return files;
}

/** Path, size and digest of each, in a fraction of the time. Lines that were altered may be left out, so only for a site that was just made. */
export async function namedFiles(folder: string): Promise<NamedFile[]> {
  const files: NamedFile[] = [];
  for (const part of await manifestParts(folder)) for (const file of filesIn(await readFile(part))) files.push(file);
  return files;
}

/** The same as `listedFiles`, one after the other, for those who need not have all in memory. */
export async function* eachListedFile(folder: string): AsyncGenerator<SiteFile> {
  for (const part of await manifestParts(folder))
    for (const line of linesOf(await readFile(part))) yield parseManifestLine(line.toString());
}

/** Those files that the manifest of the site in a folder lists with one of some digests. */
export async function filesWithDigests(folder: string, digests: ReadonlySet<string>): Promise<SiteFile[]> {
  const found: SiteFile[] = [];
  if (digests.size > 0)
    for (const part of await manifestParts(folder))
      for (const line of linesOf(await readFile(part)))
        if (digests.has(digestOf(line))) found.push(parseManifestLine(line.toString()));
  return found;
}

/** The digests of those files below a folder that a part of a manifest lists, by path. */
export function* digestsBelow(part: Buffer, folder: string): Generator<[path: string, digest: string]> {
  const start = `{"path":"${folder}/`; // only at the start of a line: inside a text, its quotes would be escaped
  for (let at = part.indexOf(start); at >= 0; at = part.indexOf(start, at + 1)) {
    const end = part.indexOf(10, at);
    if (end < 0) return; // a line that was cut off says nothing
    const { path, digest } = parseManifestLine(part.toString('utf8', at, end));
    yield [path, digest];
  }
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0, end = 0; at < bytes.length; at = end + 1) {
    end = bytes.indexOf(10, at);
    if (end < 0) end = bytes.length; // cut short
    yield bytes.subarray(at, end);
  }
}

/** The digest in a line, without parsing it: no path has this text, since its quotes would be escaped. */
function digestOf(line: Buffer): string {
  const at = line.indexOf(DIGEST) + DIGEST.length;
  return line.toString('latin1', at, at + 64);
}

const DIGEST = ',"digest":"';

/** The parts of the manifest, in order. Throws an Error if the site has none. */
async function manifestParts(folder: string): Promise<string[]> {
  return (await manifestPartPaths(folder)).map((path) => join(folder, path));
}

/** The parts of the manifest of the site in a folder, in order, relative to it. Throws an Error where the site has none. */
export async function manifestPartPaths(folder: string): Promise<string[]> {
  const names = (await readdir(join(folder, MANIFEST))).filter((name) => /^\d+\.ndjson$/.test(name));
  return names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)).map((name) => `${MANIFEST}/${name}`);
}

/**
 * The lines of the manifest of the site in a folder, by package. The lines that belong to no package are under ''.
 * Packages are in the order of their first lines. Throws an Error if the manifest can't be read.
 */
export async function linesByPackage(folder: string): Promise<Map<string, Buffer>> {
  const runs = new Map<string, Buffer[]>();
  for (const part of await manifestParts(folder))
    for (const { name, lines } of sections(await readFile(part))) runs.set(name, [...(runs.get(name) ?? []), lines]);
  return new Map(
    [...runs].map(([name, [first, ...rest]]) => [
      name,
      rest.length === 0 ? (first as Buffer) : Buffer.concat([first as Buffer, ...rest]),
    ]),
  );
}

/** The lines of one package; '' is the name of those that belong to none. */
export interface PackageLines {
  readonly name: string;
  readonly lines: Buffer;
}

/** The same, one package after the other, for those who need not have all in memory. */
export async function* eachPackage(folder: string): AsyncGenerator<PackageLines> {
  let name = '';
  let waiting: Buffer[] = [];
  for (const part of await manifestParts(folder))
    for (const section of sections(await readFile(part))) {
      if (waiting.length > 0 && section.name !== name) {
        yield { name, lines: Buffer.concat(waiting) };
        waiting = [];
      }
      name = section.name;
      waiting.push(section.lines);
    }
  if (waiting.length > 0) yield { name, lines: Buffer.concat(waiting) };
}

/** What a manifest says of itself. */
export interface ManifestTotals {
  readonly digests: ManifestDigests;
  readonly files: number;
  /** Bytes of the files. */
  readonly bytes: number;
}

/** Adds up the manifest of the site in a folder. A line that is damaged counts as it can. Throws an Error if it can't be read. */
export async function manifestTotals(folder: string): Promise<ManifestTotals> {
  const hash = manifestHash();
  let [files, bytes] = [0, 0];
  for (const part of await manifestParts(folder)) {
    const text = await readFile(part);
    hash.update(text);
    for (const line of linesOf(text)) {
      files++;
      bytes += Number(SIZE.exec(line.toString('latin1'))?.[1] ?? 0);
    }
  }
  return { digests: hash.digests(), files, bytes };
}

const SIZE = /,"size":(\d+),"digest":"[0-9a-f]*","type":"/;

/** Finds runs of lines of one package. Most lines begin like the line before, so few need a closer look. */
function* sections(part: Buffer): Generator<PackageLines> {
  let start = 0;
  let name: string | undefined;
  let usual = Buffer.from('\0');
  for (let at = 0, next = 0; at < part.length; at = next) {
    next = part.indexOf(10, at) + 1 || part.length;
    if (part.subarray(at, at + usual.length).equals(usual)) continue;
    const path = /^\{"path":"([^"\\]*)/.exec(part.toString('latin1', at, at + LONGEST_START))?.[1] ?? '';
    const own = packageOf(path);
    if (own === name) continue;
    if (name !== undefined) yield { name, lines: part.subarray(start, at) };
    [start, name, usual] = [at, own, Buffer.from(own === '' ? '\0' : `{"path":"package/${own}/`)];
  }
  if (name !== undefined) yield { name, lines: part.subarray(start) };
}

/** Bytes. The name of a package is shorter than a file name may be. */
const LONGEST_START = 300;

/** The most bytes of a part. Hosts limit the size of a file. */
const PART = 20 * 2 ** 20;
/** Bytes that are kept in memory until they are written. */
const PENDING = 2 ** 20;

export interface ManifestWriter {
  append(lines: Buffer): void;
  /** Writes the rest. Returns the digests of the manifest. */
  finish(): ManifestDigests;
}

/** Writes lines to the parts of a manifest. `placeOf` gives the place on disk of a path of the site. */
export function manifestWriter(placeOf: (path: string) => string): ManifestWriter {
  const hash = manifestHash();
  let waiting: Buffer[] = [];
  let part = 0;
  let length = 0;
  let written = 0;
  const flush = (): void => {
    const bytes = Buffer.concat(waiting);
    hash.update(bytes);
    appendFileSync(placeOf(manifestPartPath(part)), bytes);
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
        if (end === 0 && length === 0) break; // a line that is longer than a part
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
      return hash.digests();
    },
  };
}

/** The length of the whole lines in the first `room` bytes. */
function wholeLines(lines: Buffer, room: number): number {
  return room === 0 ? 0 : lines.lastIndexOf(10, room - 1) + 1;
}
