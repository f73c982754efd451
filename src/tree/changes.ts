import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporaryName } from './commit/leftovers.ts';
import { manifestParts } from './extend-site.ts';
import type { SiteFile } from './site-writer.ts';

/*
 * What differs between two trees of a site, by their manifests: what whoever publishes the second one has to upload, and to
 * remove, where the first one is published.
 */

/** A line of the list. `release.json`, which no manifest lists, is none of them: it is of every build. */
export type Change =
  | ({ readonly change: 'added' | 'changed' } & SiteFile)
  | { readonly change: 'removed'; readonly path: string };

export interface ChangeTotals {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Of what was added or changed. */
  readonly bytes: number;
}

/** Writes a line of JSON for each file that differs between two sites, a package after the other, and counts them. */
export async function writeChanges(sites: { before: string; after: string }, file: string): Promise<ChangeTotals> {
  const totals = { added: 0, changed: 0, removed: 0, bytes: 0 };
  const lines: string[] = [];
  for await (const [before, after] of pairs(packageLines(sites.before), packageLines(sites.after)))
    for (const change of changesBetween(before, after)) {
      lines.push(`${JSON.stringify(change)}\n`);
      totals[change.change]++;
      if (change.change !== 'removed') totals.bytes += change.size;
    }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(temporaryName(file), lines.join(''));
  await rename(temporaryName(file), file);
  return totals;
}

function* changesBetween(before: Buffer, after: Buffer): Generator<Change> {
  if (before.equals(after)) return;
  const old = new Map(linesOf(before));
  for (const [path, line] of linesOf(after)) {
    const known = old.get(path);
    old.delete(path);
    if (known !== line) yield { change: known === undefined ? 'added' : 'changed', ...(JSON.parse(line) as SiteFile) };
  }
  for (const path of old.keys()) yield { change: 'removed', path };
}

function linesOf(text: Buffer): [path: string, line: string][] {
  const lines = text.toString('utf8').split('\n').slice(0, -1);
  return lines.map((line) => [(JSON.parse(line) as SiteFile).path, line]);
}

/** The lines of one package; what is no package's own comes last, under a name that is behind all of them. */
interface PackageLines {
  readonly name: string;
  readonly lines: Buffer;
}
const NO_PACKAGE = '~';

type Packages = AsyncGenerator<PackageLines, undefined>;

/** Both sides of each name that one of them has; both have their names in order. */
async function* pairs(before: Packages, after: Packages): AsyncGenerator<[Buffer, Buffer]> {
  let [old, fresh] = [await before.next(), await after.next()];
  for (;;) {
    const [name] = [old.value?.name, fresh.value?.name].filter((one) => one !== undefined).sort();
    if (name === undefined) return;
    const [isOld, isFresh] = [old.value?.name === name, fresh.value?.name === name];
    yield [(isOld && old.value?.lines) || NOTHING, (isFresh && fresh.value?.lines) || NOTHING];
    if (isOld) old = await before.next();
    if (isFresh) fresh = await after.next();
  }
}

const NOTHING = Buffer.alloc(0);

/** The manifest of a site, a package at a time; nothing where there is none. */
async function* packageLines(folder: string): Packages {
  let current: { name: string; lines: Buffer[] } | undefined;
  for (const part of await manifestParts(folder).catch(() => []))
    for (const { name, lines } of sections(await readFile(part)))
      if (current?.name === name) current.lines.push(lines);
      else {
        if (current) yield { name: current.name, lines: Buffer.concat(current.lines) };
        current = { name, lines: [lines] };
      }
  if (current) yield { name: current.name, lines: Buffer.concat(current.lines) };
  return undefined;
}

/** Runs of lines of one package. */
function* sections(part: Buffer): Generator<PackageLines> {
  let [start, name, usual] = [0, '', Buffer.from('\0')];
  for (let at = 0; at < part.length; at = part.indexOf(10, at) + 1) {
    if (part.subarray(at, at + usual.length).equals(usual)) continue;
    const own = nameIn(part.toString('latin1', at, at + LONGEST_START));
    if (own === name) continue;
    if (name !== '') yield { name, lines: part.subarray(start, at) };
    [start, name, usual] = [at, own, Buffer.from(`{"path":"package/${own}/`)];
  }
  if (name !== '') yield { name, lines: part.subarray(start) };
}

function nameIn(line: string): string {
  return /^\{"path":"(?:package|epr|_registry\/package|_registry\/files)\/([a-z0-9_]+)\//.exec(line)?.[1] ?? NO_PACKAGE;
}

/** Bytes; a name that is longer than a file's may be is in no site. */
const LONGEST_START = 300;
