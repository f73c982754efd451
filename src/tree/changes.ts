import { dirname } from 'node:path';
import { isAbsence } from '../errors.ts';
import { isSystemError } from '../system-errors.ts';
import { makeFolder } from './make-folder.ts';
import { replaceFile } from './commit/output-file.ts';
import { readEncodedList } from './encoded.ts';
import type { EncodedFile, EncodedList } from './encoded.ts';
import { linesByPackage, parseManifestLine } from './manifest.ts';
import type { SiteFile } from './manifest.ts';

/*
 * What differs between two trees of a site, by what they list: what whoever publishes the second one has to upload, and to
 * remove, where the first one is published.
 */

/** A file that is not the same in two trees. */
export type Difference =
  | { readonly change: 'added'; readonly after: SiteFile }
  | { readonly change: 'changed'; readonly before: SiteFile; readonly after: SiteFile }
  | { readonly change: 'removed'; readonly before: SiteFile };

/** A line of the list. `release.json` is never in the list: no manifest lists it, and it changes with every build. */
type Change =
  | ({ readonly change: 'added' | 'changed' } & SiteFile)
  | { readonly change: 'removed'; readonly path: string };

export interface ChangeTotals {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** The bytes of the added and changed files. */
  readonly bytes: number;
}

/** Two trees of a site: the folders that hold their lists. */
export interface Trees {
  readonly before: string;
  readonly after: string;
}

/** How the manifests of two trees differ, a package after the other. */
export async function manifestDifferences({ before, after }: Trees): Promise<Iterable<Difference>> {
  const [old, fresh] = await Promise.all([linesIfReadable(before), linesByPackage(after)]);
  return (function* () {
    for (const name of new Set([...fresh.keys(), ...old.keys()]))
      yield* differences(old.get(name) ?? NOTHING, fresh.get(name) ?? NOTHING);
  })();
}

/** None where somebody removed the manifest, or put something else in its place: then everything counts as added. */
async function linesIfReadable(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  try {
    return await linesByPackage(folder);
  } catch (error) {
    if (isAbsence(error) || (isSystemError(error) && error.code === 'EISDIR')) return new Map();
    throw error;
  }
}

/** How the compressed forms of two trees differ. */
export function encodedDifferences({ before, after }: Trees): Iterable<Difference> {
  return differences(readEncodedList(before), readEncodedList(after));
}

/** How a list of compressed forms differs from what it was when it was opened. */
export function* listDifferences(list: EncodedList): Generator<Difference> {
  for (const { before, after } of list.changes())
    if (!before && after) yield { change: 'added', after: siteFile(after) };
    else if (before && after) yield { change: 'changed', before: siteFile(before), after: siteFile(after) };
    else if (before) yield { change: 'removed', before: siteFile(before) };
}

/** Writes a line of JSON for each difference, and counts them. */
export async function writeChanges(found: Iterable<Difference>, file: string): Promise<ChangeTotals> {
  const totals = { added: 0, changed: 0, removed: 0, bytes: 0 };
  const lines: string[] = [];
  for (const one of found) {
    lines.push(`${JSON.stringify(changeOf(one))}\n`);
    totals[one.change]++;
    if (one.change !== 'removed') totals.bytes += one.after.size;
  }
  makeFolder(dirname(file));
  await replaceFile(file, lines.join(''));
  return totals;
}

function changeOf(one: Difference): Change {
  return one.change === 'removed'
    ? { change: one.change, path: one.before.path }
    : { change: one.change, ...one.after };
}

const NOTHING = Buffer.alloc(0);

function* differences(before: Buffer, after: Buffer): Generator<Difference> {
  if (before.equals(after)) return;
  const [oldLines, newLines] = [new Set(linesOf(before)), new Set(linesOf(after))];
  const old = new Map(missingIn(newLines, oldLines).flatMap(pathIn));
  for (const line of missingIn(oldLines, newLines)) {
    const file = fileOf(line);
    const known = old.get(file.path);
    old.delete(file.path);
    if (known === undefined) yield { change: 'added', after: file };
    else yield { change: 'changed', before: fileOf(known), after: file };
  }
  for (const line of old.values()) yield { change: 'removed', before: fileOf(line) };
}

/** The path that a line is of, and the line. None for a line that was altered and can't be read any more. */
function pathIn(line: string): [path: string, line: string][] {
  try {
    return [[parseManifestLine(line).path, line]];
  } catch {
    return []; // parsing alone
  }
}

function linesOf(text: Buffer): string[] {
  return text.toString('utf8').split('\n').slice(0, -1);
}

/** The lines that another set of lines lacks: few, and only they need to be parsed. */
function missingIn(others: ReadonlySet<string>, lines: ReadonlySet<string>): string[] {
  return [...lines].filter((line) => !others.has(line));
}

/** A line of either list; compressed forms are of no type that a client learns. */
function fileOf(line: string): SiteFile {
  const { path, size, digest, type, cache } = { ...FORM, ...parseManifestLine(line) };
  return { path, size, digest, type, cache };
}

const FORM = { type: 'application/octet-stream', cache: 'none' } as const;

function siteFile({ path, size, digest }: EncodedFile): SiteFile {
  return { path, size, digest, ...FORM };
}
