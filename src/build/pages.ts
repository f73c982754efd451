import type { ContentStore } from './cache/contents.ts';
import { deprecationOf } from './entry.ts';
import type { Entry } from './entry.ts';
import type { IndexedRevision } from './index-files.ts';
import { mediaTypeByExtension } from '../tree/media-type.ts';
import { toByteString } from '../tree/text.ts';
import { renderIndex, renderRow } from './render.ts';
import { fileListText } from '../tree/file-list.ts';
import type { FileEntry } from '../tree/file-list.ts';
import { fileListPath, packageFilePath, packageIndexPath } from '../tree/layout.ts';
import { listingOf } from '../tree/manifest.ts';
import type { Listing, SiteFile } from '../tree/manifest.ts';
import type { SiteWriter } from '../tree/site-writer.ts';

/*
 * The generated files of a package: for each revision the package index, the list of its files, and its rows.
 */

/** A revision whose files are in their places. */
export interface PlacedRevision {
  readonly entry: Entry;
  readonly zip: SiteFile;
  readonly signature: SiteFile | undefined;
}

export interface Pages {
  readonly revisions: readonly IndexedRevision[];
  /** All files of the package, generated pages included. */
  readonly listings: readonly Listing[];
}

/** Writes the pages of a package, whose revisions are in their places, in the order of answers. */
export async function writePages(
  placed: readonly PlacedRevision[],
  places: { readonly store: ContentStore; readonly writer: SiteWriter },
): Promise<Pages> {
  const deprecated = deprecationOf(placed.map(({ entry }) => entry));
  const listings: Listing[] = [];
  for (let i = 0; i < placed.length; i += SOME)
    listings.push(listingOf(await writeSome(placed.slice(i, i + SOME), deprecated, places)));
  return { revisions: placed.map(({ entry }) => indexed(entry, deprecated)), listings };
}

/** Few enough to hold all their pages in memory at once. */
const SOME = 16;

/** Writes the pages of some revisions, and returns all files of these in the order of the manifest. */
async function writeSome(
  placed: readonly PlacedRevision[],
  deprecated: Entry['deprecated'],
  { store, writer }: { readonly store: ContentStore; readonly writer: SiteWriter },
): Promise<SiteFile[]> {
  const write = async (kind: 'package' | 'files', texts: readonly string[]): Promise<SiteFile[]> => {
    const paths = placed.map(({ entry: { revision } }) => KINDS[kind].path(revision.name, revision.version));
    const files = paths.map((path, i): [string, string] => [writer.resolve(path), texts[i] as string]);
    const written = await store.pool.run('write', { files });
    const { type, cache } = KINDS[kind];
    return written.map(({ size, digest }, i) => ({ path: paths[i] as string, size, digest, type, cache }));
  };
  const indexes = await write(
    'package',
    placed.map(({ entry }) => renderIndex(entry.rendered.index, deprecated)),
  );
  const own = placed.map(({ entry }) => ownFiles(entry, store));
  const lists = await write(
    'files',
    placed.map((one, i) => fileList(one, { index: indexes[i] as SiteFile, own: own[i] as SiteFile[] })),
  );
  return placed.flatMap(({ zip, signature }, i) => [
    ...(own[i] as SiteFile[]),
    zip,
    ...(signature ? [signature] : []),
    indexes[i] as SiteFile,
    lists[i] as SiteFile,
  ]);
}

/** Clients get the first file; the second one is for the edge core. */
const KINDS = {
  package: { path: packageIndexPath, type: 'application/json', cache: 'index' },
  files: { path: fileListPath, type: 'application/json', cache: 'none' },
} as const;

/** A content at a path of the site. Its bytes decide the type. */
export function contentFile(store: ContentStore, content: string, path: string): SiteFile {
  const { size, digest, sniffed } = store.get(content);
  return { path, size, digest, type: sniffed, cache: 'files' };
}

function ownFiles({ revision, files }: Entry, store: ContentStore): SiteFile[] {
  return files.map(({ path, content }) => {
    const file = contentFile(store, content, packageFilePath(revision.name, revision.version, path));
    return { ...file, type: mediaTypeByExtension(path) ?? file.type };
  });
}

function fileList(
  { entry, zip, signature }: PlacedRevision,
  { index, own }: { readonly index: SiteFile; readonly own: readonly SiteFile[] },
): string {
  return fileListText({
    index: fileEntry(index),
    zip: fileEntry(zip),
    ...(signature && { signature: fileEntry(signature) }),
    files: Object.fromEntries(
      entry.files.map(({ path }, i) => [toByteString(path), fileEntry(own[i] as SiteFile)] as const),
    ),
  });
}

/** The facts about a file that the edge core needs. */
export function fileEntry({ size, digest, type }: SiteFile): FileEntry {
  return [size, digest, type];
}

function indexed(
  { revision: { name, version }, facts, rendered }: Entry,
  deprecated: Entry['deprecated'],
): IndexedRevision {
  return {
    name,
    version,
    facts,
    row: renderRow(rendered.summary, deprecated),
    variants: [...rendered.variants].map(([category, summary]) => [category, renderRow(summary, deprecated)]),
  };
}
