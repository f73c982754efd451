import { readFileSync } from 'node:fs';
import type { LimitFunction } from 'p-limit';
import type { Distribution } from '../config.ts';
import type { FileFacts, ListItem, PackageFacts, RevisionFacts } from '../pages/package-facts.ts';
import { packagePages } from '../pages/package-page.ts';
import type { Json, JsonObject } from '../tree/json.ts';
import { pagePath } from '../tree/layout.ts';
import type { SiteFile } from '../tree/manifest.ts';
import { mediaTypeByExtension } from '../tree/media-type.ts';
import type { SiteWriter } from '../tree/site-writer.ts';
import type { ContentStore } from './cache/contents.ts';
import type { History } from './history.ts';
import type { PlacedRevision } from './pages.ts';
import { renderIndex } from './render.ts';
import { contentPlace } from './threads/tasks.ts';

/*
 * Writes the pages of packages for people, which `pages/` renders.
 */

/** A package in the pages. */
export interface BrowsedPackage {
  readonly item: ListItem;
  /** Its own pages, which are written. */
  readonly pages: readonly SiteFile[];
  /** Of each revision, in the order of answers. */
  readonly layers: readonly string[];
  /** Of its zips. */
  readonly bytes: number;
  /** The names of the packages that the newest version requires. */
  readonly requires: readonly string[];
  /** The names of the packages that require it, as its page says. */
  readonly requiredBy: readonly string[];
}

export interface PackageBrowsing {
  readonly store: ContentStore;
  readonly writer: SiteWriter;
  readonly distribution: Pick<Distribution, 'name' | 'tables'>;
  readonly arrivals: History['arrivals'];
  /** Holds back packages while the pages of others wait to be written, since memory holds these. */
  readonly limit: LimitFunction;
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
  const { item, requires, pages } = packagePages(factsOf(newest, { placed, deprecated }, browsing));
  const files = pages.map(({ path, text }) => [writer.resolve(pagePath(path)), text] as const);
  const written = await store.pool.run('write', { files });
  return {
    item,
    pages: pages.map(({ path }, i) => pageFile(path, written[i] as { size: number; digest: string })),
    layers: placed.map(({ entry }) => entry.revision.layer),
    bytes: placed.reduce((sum, { zip }) => sum + zip.size, 0),
    requires,
    requiredBy: [],
  };
}

export function pageFile(path: string, { size, digest }: { readonly size: number; readonly digest: string }): SiteFile {
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
    read: (path) => {
      const content = contents.get(path);
      return content === undefined ? undefined : readFileSync(contentPlace(store.folder, content));
    },
  };
}

function revisionFacts({ entry, zip, signature }: PlacedRevision, arrivals: History['arrivals']): RevisionFacts {
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
