import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Columns } from '../core/columns.ts';
import { Stop } from '../errors.ts';
import { indexFilePath, INDEX, RELEASE } from '../tree/layout.ts';
import { parseNames } from '../tree/names.ts';
import { parseRelease } from './publish.ts';
import { readSiteFile, readSiteParts } from './site-parts.ts';
import type { RevisionParts } from './site-parts.ts';
import { IMMUTABLE } from './store.ts';
import type { Store } from './store.ts';

/*
 * The index from which a registry serves the packages of a storage without having them (its "storage indexer"): a list of all package
 * indexes, and a cursor that names the current list. https://github.com/elastic/package-registry/blob/main/docs/storage_indexers.md
 */

const FOLDER = 'v2/metadata/';
const CURSOR = `${FOLDER}cursor.json`;
/** How long a cursor may be kept, in seconds. A registry asks once a minute. */
const CURSOR_AGE = 10;

/** What an export did. */
export interface ExportedIndex {
  readonly outcome: 'exported' | 'unchanged';
  /** The name of the list. Names of later lists are greater, byte by byte. */
  readonly cursor: string;
  /** The cursor before; undefined if there was none. */
  readonly before: string | undefined;
  readonly packages: number;
  /** Of the list. */
  readonly bytes: number;
  /** Whether the site answers where the registry then asks for zips and files. */
  readonly hasArtifacts: boolean;
}

/**
 * Writes the index of a site: first the list, then the cursor, in one step. Throws a `Stop` where the site is built again meanwhile or isn't what it
 * lists, or where somebody else moved the cursor.
 */
export async function exportIndex(folder: string, store: Store): Promise<ExportedIndex> {
  const release = await readFile(join(folder, RELEASE));
  const found = await store.read(CURSOR);
  const before = found && cursorIn(store, found.bytes);
  const { revisions } = await readSiteParts(folder);
  const list = await listOf(folder, revisions);
  if (!release.equals(await readFile(join(folder, RELEASE))))
    throw new Stop('changed', `${folder} was built again while it was exported`, 'run the command again');
  const known = { packages: revisions.length, bytes: list.length, hasArtifacts: await hasArtifacts(folder) };
  const digest = parseRelease(release).manifest.slice(0, DIGITS);
  if (before?.endsWith(`-${digest}`)) return { outcome: 'unchanged', cursor: before, before, ...known };
  const cursor = `${String(numberOf(before) + 1).padStart(6, '0')}-${digest}`;
  const key = `${FOLDER}${cursor}/search-index-all.json`;
  await store.put({ key, bytes: list, type: 'application/json', cache: IMMUTABLE }, { replace: true });
  const bytes = Buffer.from(`${JSON.stringify({ current: cursor })}\n`);
  const object = { key: CURSOR, bytes, type: 'application/json', cache: `public, max-age=${CURSOR_AGE}` };
  if (await store.swap(object, found?.tag)) return { outcome: 'exported', cursor, before, ...known };
  throw new Stop('lost-race', `somebody else moved ${CURSOR} in ${store.url} meanwhile`, 'run the command again');
}

/** Of the site manifest, in hex. */
const DIGITS = 12;

/** `{"packages":[{"package_manifest":…},…]}`, each manifest byte by byte as the site has it. */
async function listOf(folder: string, revisions: readonly RevisionParts[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (const { index } of revisions) {
    if (!index) continue;
    chunks.push(Buffer.from(`${chunks.length === 0 ? '' : ','}\n{"package_manifest":`));
    chunks.push(await readSiteFile(folder, index), Buffer.from('}'));
  }
  return Buffer.concat([Buffer.from('{"packages":['), ...chunks, Buffer.from('\n]}\n')]);
}

function cursorIn(store: Store, bytes: Buffer): string {
  try {
    const { current } = JSON.parse(bytes.toString('utf8')) as { current?: unknown };
    if (typeof current === 'string') return current;
  } catch {
    // It is no JSON, which the line below says.
  }
  throw new Stop('store-damaged', `${CURSOR} in ${store.url} is no cursor`, 'remove it, or export to another place');
}

/** The number that a cursor begins with. Throws a `Stop` where another program made it: then nobody knows which names are greater. */
function numberOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const [, number] = /^(\d{6})-[0-9a-f]{12}$/.exec(cursor) ?? [];
  if (number !== undefined) return Number(number);
  throw new Stop('store-damaged', `the cursor ${cursor} is not of epr-static`, 'export to another place');
}

async function hasArtifacts(folder: string): Promise<boolean> {
  const names = parseNames(await readFile(join(folder, INDEX), 'utf8'));
  const columns = JSON.parse(await readFile(join(folder, indexFilePath(names.columns)), 'utf8')) as Columns;
  return columns.artifacts === true;
}
