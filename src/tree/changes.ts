import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporaryName } from './commit/leftovers.ts';
import { linesByPackage, parseManifestLine } from './manifest.ts';
import type { SiteFile } from './manifest.ts';

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
  const [before, after] = await Promise.all([linesByPackage(sites.before), linesByPackage(sites.after)]);
  for (const name of new Set([...after.keys(), ...before.keys()]))
    for (const change of changesBetween(before.get(name) ?? NOTHING, after.get(name) ?? NOTHING)) {
      lines.push(`${JSON.stringify(change)}\n`);
      totals[change.change]++;
      if (change.change !== 'removed') totals.bytes += change.size;
    }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(temporaryName(file), lines.join(''));
  await rename(temporaryName(file), file);
  return totals;
}

const NOTHING = Buffer.alloc(0);

function* changesBetween(before: Buffer, after: Buffer): Generator<Change> {
  if (before.equals(after)) return;
  const old = new Map(linesOf(before));
  for (const [path, line] of linesOf(after)) {
    const known = old.get(path);
    old.delete(path);
    if (known !== line) yield { change: known === undefined ? 'added' : 'changed', ...parseManifestLine(line) };
  }
  for (const path of old.keys()) yield { change: 'removed', path };
}

function linesOf(text: Buffer): [path: string, line: string][] {
  const lines = text.toString('utf8').split('\n').slice(0, -1);
  return lines.map((line) => [parseManifestLine(line).path, line]);
}
