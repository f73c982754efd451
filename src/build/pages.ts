import type { ContentStore } from './cache/contents.ts';
import { deprecationOf } from './entry.ts';
import type { Deprecations, Entry } from './entry.ts';
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
  places: {
    readonly store: ContentStore;
    readonly writer: SiteWriter;
    readonly deprecations?: Deprecations | undefined;
  },
): Promise<Pages> {
  const deprecated = deprecationIn(placed, places.deprecations);
  const listings: Listing[] = [];
  for (let i = 0; i < placed.length; i += SOME)
    listings.push(listingOf(await writeSome(placed.slice(i, i + SOME), deprecated, places)));
  return { revisions: placed.map(({ entry }) => indexed(entry, deprecated)), listings };
}

/** What all revisions of a package show as `deprecated`. */
export function deprecationIn(
  placed: readonly PlacedRevision[],
  deprecations: Deprecations | undefined,
): Entry['deprecated'] {
  const entries = placed.map(({ entry }) => entry);
  return deprecations ? deprecations.get(entries[0]?.revision.name ?? '') : deprecationOf(entries);
}

/** Few enough to hold all their pages in memory at once. */
const SOME = 16;

/** Writes the pages of some revisions, and returns all files of these in the order of the manifest. */
async function writeSome(
  placed: readonly PlacedRevision[],
  deprecated: Entry['deprecated'],
  { store, writer }: { readonly store: ContentStore; readonly writer: SiteWriter },
): Promise<SiteFile[]> {
  const write = async <Of extends PlacedRevision>(
    { path: pathOf, type, cache }: Kind,
    revisions: readonly Of[],
    textOf: (one: Of) => string,
  ): Promise<[Of, SiteFile][]> => {
    const paths = revisions.map(({ entry: { revision } }) => pathOf(revision.name, revision.version));
    const files = pairs(paths, revisions.map(textOf)).map(([path, text]) => [writer.resolve(path), text] as const);
    const written = pairs(paths, await store.pool.run('write', { files }));
    return pairs(
      revisions,
      written.map(([path, { size, digest }]) => ({ path, size, digest, type, cache })),
    );
  };
  const withIndex = await write(PACKAGE_INDEX, placed, ({ entry }) => renderIndex(entry.rendered.index, deprecated));
  const complete = withIndex.map(([{ entry, zip, signature }, index]) => {
    return { entry, zip, signature, index, own: ownFiles(entry, store) };
  });
  const listed = await write(FILE_LIST, complete, fileList);
  return listed.flatMap(([{ own, zip, signature, index }, list]) =>
    own.concat(zip, signature ? [signature] : [], index, list),
  );
}

/** A kind of pages. */
type Kind = Pick<SiteFile, 'type' | 'cache'> & { readonly path: (name: string, version: string) => string };

const PACKAGE_INDEX: Kind = { path: packageIndexPath, type: 'application/json', cache: 'index' };
/** For the edge core; clients don't get it. */
const FILE_LIST: Kind = { path: fileListPath, type: 'application/json', cache: 'none' };

/** The items of two lists of equal length, side by side. */
function pairs<A, B>(left: readonly A[], right: readonly B[]): [A, B][] {
  return left.map((one, i) => [one, right[i] as B]);
}

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

/** A revision with its own files, in the order of its entry, and its package index. */
interface CompleteRevision extends PlacedRevision {
  readonly index: SiteFile;
  readonly own: readonly SiteFile[];
}

function fileList({ entry, zip, signature, index, own }: CompleteRevision): string {
  return fileListText({
    index: fileEntry(index),
    zip: fileEntry(zip),
    ...(signature && { signature: fileEntry(signature) }),
    files: Object.fromEntries(
      pairs(entry.files, own).map(([{ path }, file]) => [toByteString(path), fileEntry(file)] as const),
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
