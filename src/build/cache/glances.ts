import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { glanceOf, listPaths, sectionsOf } from '../../tree/glance.ts';
import type { Glance } from '../../tree/glance.ts';
import { MANIFEST } from '../../tree/layout.ts';
import { readManifest } from '../../tree/manifest.ts';
import { touchedPaths } from '../../tree/touched.ts';
import { readChecked, writeChecked } from './checked-files.ts';

/*
 * The glances of a site's lists, kept from build to build. A checked file of lines: which lists they are of; then for each section
 * its digest and its glance, as JSON.
 */

/** Which lists the glances are of. */
interface Source {
  /** The digest of the site manifest. */
  readonly manifest: string;
  /** The size of each list in bytes, by its path. */
  readonly sizes: Readonly<Record<string, number>>;
}

/**
 * Keeps the glances of the site in a folder, whose manifest has this digest. Those of sections that are kept already are not made again.
 * Returns the lines as kept.
 */
export async function keepGlances(file: string, folder: string, manifest: string): Promise<string[]> {
  const known = new Map(linesOf(file).map((line) => [line.slice(0, DIGEST), line]));
  const source: Source = { manifest, sizes: await listSizes(folder) };
  const lines = [JSON.stringify(source)];
  for await (const { digest, lines: section } of sectionsOf(folder))
    lines.push(known.get(digest) ?? `${digest}${JSON.stringify(glanceOf(section))}`);
  writeChecked(file, lines);
  return lines;
}

/** Hex digits. */
const DIGEST = 64;

/** What `touchedPaths` finds of the site in a folder, whose manifest has this digest. */
export async function touchedByGlances(
  file: string,
  folder: string,
  { manifest, since }: { readonly manifest: string; readonly since: number },
): Promise<readonly string[]> {
  let lines = linesOf(file);
  if (sourceOf(lines)?.manifest !== manifest) {
    if (sha256(await readManifest(folder)) !== manifest) return [MANIFEST];
    lines = await keepGlances(file, folder, manifest);
  }
  const lists = differing(sourceOf(lines)?.sizes ?? {}, await listSizes(folder));
  if (lists.length > 0) return lists;
  const glances = lines.slice(1).map((line) => JSON.parse(line.slice(DIGEST)) as Glance);
  return await touchedPaths(folder, since, glances);
}

function linesOf(file: string): string[] {
  return (readChecked(file) ?? '').split('\n').slice(0, -1);
}

function sourceOf([first]: readonly string[]): Source | undefined {
  return first === undefined ? undefined : (JSON.parse(first) as Source);
}

async function listSizes(folder: string): Promise<Record<string, number>> {
  const lists = await listPaths(folder);
  return Object.fromEntries(lists.map((path) => [path, statSync(join(folder, path)).size]));
}

/** The keys whose values differ. */
function differing(some: Readonly<Record<string, number>>, others: Readonly<Record<string, number>>): string[] {
  return Object.keys({ ...some, ...others }).filter((key) => some[key] !== others[key]);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
