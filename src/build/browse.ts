import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Distribution } from '../config.ts';
import type { Columns } from '../core/columns.ts';
import { NO_ANSWERS } from '../core/columns.ts';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { aboutPage } from '../pages/about-page.ts';
import { listPage } from '../pages/list-page.ts';
import type { FileFacts, ListItem, PackageFacts, RevisionFacts } from '../pages/package-facts.ts';
import { packagePages } from '../pages/package-page.ts';
import { COLUMNS, SCRIPT, STYLE } from '../pages/shell.ts';
import { CSS } from '../pages/style.ts';
import { asByteString } from '../tree/byte-string.ts';
import { fileListText } from '../tree/file-list.ts';
import type { Json, JsonObject } from '../tree/json.ts';
import { PAGE_LIST, pagePath } from '../tree/layout.ts';
import { listingOf } from '../tree/manifest.ts';
import type { SiteFile } from '../tree/manifest.ts';
import { mediaType, mediaTypeByExtension } from '../tree/media-type.ts';
import type { SiteWriter } from '../tree/site-writer.ts';
import { toByteString } from '../tree/text.ts';
import type { ContentStore } from './cache/contents.ts';
import type { IndexedRevision } from './index-files.ts';
import { fileEntry } from './pages.ts';
import type { PlacedRevision } from './pages.ts';
import { renderIndex } from './render.ts';
import { contentPlace } from './threads/tasks.ts';

/*
 * Writes the pages for people, which `pages/` renders.
 */

/** What pages show of revisions besides their contents: by id, the date on which each came to its layer, in ISO 8601. */
export type Arrivals = ReadonlyMap<string, string>;

/** A package in the pages. */
export interface BrowsedPackage {
  readonly item: ListItem;
  /** Its own pages, which are written. */
  readonly pages: readonly SiteFile[];
  /** Of each revision, in the order of answers. */
  readonly layers: readonly string[];
  /** Of its zips. */
  readonly bytes: number;
}

export interface PackageBrowsing {
  readonly store: ContentStore;
  readonly writer: SiteWriter;
  readonly distribution: Pick<Distribution, 'name' | 'tables'>;
  readonly arrivals: Arrivals;
}

/** Writes the pages of a package, whose revisions are in their places, in the order of answers. `deprecated` is what all of them show. */
export async function browsePackage(
  placed: readonly PlacedRevision[],
  deprecated: Json | undefined,
  browsing: PackageBrowsing,
): Promise<BrowsedPackage | undefined> {
  const newest = placed.at(-1);
  if (!newest) return undefined;
  const { store, writer } = browsing;
  const { item, pages } = await packagePages(factsOf(newest, { placed, deprecated }, browsing));
  const files = pages.map(({ path, text }) => [writer.resolve(pagePath(path)), text] as const);
  const written = await store.pool.run('write', { files });
  return {
    item,
    pages: pages.map(({ path }, i) => pageFile(path, written[i] as { size: number; digest: string })),
    layers: placed.map(({ entry }) => entry.revision.layer),
    bytes: placed.reduce((sum, { zip }) => sum + zip.size, 0),
  };
}

function pageFile(path: string, { size, digest }: { readonly size: number; readonly digest: string }): SiteFile {
  return { path: pagePath(path), size, digest, type: mediaTypeByExtension(path) ?? '', cache: 'index' };
}

function factsOf(
  { entry }: PlacedRevision,
  { placed, deprecated }: { readonly placed: readonly PlacedRevision[]; readonly deprecated: Json | undefined },
  { store, distribution, arrivals }: PackageBrowsing,
): PackageFacts {
  const contents = new Map(entry.files.map(({ path, content }) => [path, content]));
  return {
    name: entry.revision.name,
    distribution: distribution.name,
    revisions: placed.map((one) => revisionFacts(one, arrivals)),
    index: JSON.parse(renderIndex(entry.rendered.index, deprecated)) as JsonObject,
    files: entry.files.map(({ path, content }): FileFacts => {
      return { path, type: mediaTypeByExtension(path) ?? store.get(content).sniffed };
    }),
    categories: new Map(distribution.tables.categories.map(({ id, title }) => [id, title])),
    read: async (path) => {
      const content = contents.get(path);
      return content === undefined ? undefined : await readFile(contentPlace(store.folder, content));
    },
  };
}

function revisionFacts({ entry, zip, signature }: PlacedRevision, arrivals: Arrivals): RevisionFacts {
  const { revision, facts } = entry;
  return {
    version: revision.version,
    layer: revision.layer,
    arrived: arrivals.get(revision.id),
    kibana: facts.kibana,
    isExperimental: facts.experimental === 1,
    size: zip.size,
    isSigned: signature !== undefined,
  };
}

export interface SiteBrowsing {
  readonly distribution: Distribution;
  readonly packages: readonly BrowsedPackage[];
  /** All of the site, in the order of answers. */
  readonly revisions: readonly IndexedRevision[];
  readonly columns: Columns;
  readonly findings: readonly Finding[];
  readonly writer: SiteWriter;
}

/** Writes the pages that belong to no package, and the list of all pages. */
export function browseSite({ distribution, packages, revisions, columns, findings, writer }: SiteBrowsing): void {
  const { name, registry, tables } = distribution;
  const layers = distribution.layers.map((layer) => ({
    name: layer.name,
    versions: packages.flatMap((one) => one.layers).filter((own) => own === layer.name).length,
  }));
  const list = listPage({
    distribution: name,
    items: packages.map(({ item }) => item),
    revisions: revisions.length,
    categories: tables.categories,
    types: [...new Set(revisions.map(({ facts }) => facts.type))].sort(),
  });
  const sized = packages.map(({ item, layers: own, bytes }) => ({ ...item, versions: own.length, bytes }));
  const about = aboutPage({ distribution: name, registry, layers, packages: sized, findings });
  const files: [string, string | Buffer][] = [
    [list.path, list.text],
    [about.path, about.text],
    [STYLE, CSS],
    [SCRIPT, readScript()],
    [COLUMNS, JSON.stringify(askedColumns(columns))],
  ];
  const own = packages.flatMap(({ pages }) => pages);
  writer.enter(listingOf(own));
  const written = files.map(([path, text]) => {
    const bytes = Buffer.from(text);
    return writer.write(pagePath(path), bytes, { type: mediaType(path, () => bytes), cache: 'index' });
  });
  const entries = [...own, ...written].map((file) => [toByteString(file.path), fileEntry(file)] as const);
  const text = fileListText({ files: Object.fromEntries(entries) });
  writer.write(PAGE_LIST, Buffer.from(text), { type: 'application/json', cache: 'none' });
}

/** What the script of the list asks of the columns. */
function askedColumns(columns: Columns): Columns {
  const { first, version, profile } = columns.revisions;
  const profiles = columns.profiles.map(({ type, spec, kibana, experimental, categories, templates }) => ({
    type,
    spec,
    ...(kibana !== undefined && { kibana }),
    ...(experimental && { experimental }),
    ...(categories && { categories }),
    ...(templates && { templates }),
  }));
  const revisions = { first, version, profile, start: [] };
  const nothing = asByteString('');
  const categories = columns.categories.map((one) => ({ ...one, before: nothing, after: nothing }));
  return { ...columns, home: nothing, revisions, profiles, categories, variants: [], answers: NO_ANSWERS };
}

/** The script of the list, which `npm run compile` makes. Throws a `Stop` if it is missing. */
function readScript(): Buffer {
  const file = fileURLToPath(new URL(`../../lib/pages/${SCRIPT}`, import.meta.url));
  if (!existsSync(file)) throw new Stop('no-bundle', `${file} is missing`, 'npm run compile makes it');
  return readFileSync(file);
}
