import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Distribution } from '../config.ts';
import type { Columns } from '../core/columns.ts';
import { NO_ANSWERS } from '../core/columns.ts';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { aboutPage } from '../pages/about-page.ts';
import { feedsOf } from '../pages/feeds.ts';
import { listPage } from '../pages/list-page.ts';
import { COLUMNS, SCRIPT, STYLE } from '../pages/shell.ts';
import type { Page } from '../pages/shell.ts';
import { CSS } from '../pages/style.ts';
import { updatesPages } from '../pages/updates.ts';
import { waitingPages } from '../pages/waiting-page.ts';
import type { Revision } from '../storage/storage.ts';
import { asByteString } from '../tree/byte-string.ts';
import { fileListText } from '../tree/file-list.ts';
import { PAGE_LIST, pagePath } from '../tree/layout.ts';
import { listingOf } from '../tree/manifest.ts';
import { mediaType } from '../tree/media-type.ts';
import type { SiteWriter } from '../tree/site-writer.ts';
import { toByteString } from '../tree/text.ts';
import type { BrowsedPackage } from './browse.ts';
import { feedFacts, waitingLayers } from './browsed-past.ts';
import type { History } from './history.ts';
import type { IndexedRevision } from './index-files.ts';
import { fileEntry } from './pages.ts';

/*
 * Writes the pages for people that belong to no package.
 */

/** What pages show besides the index. */
export interface Browsed {
  readonly packages: readonly BrowsedPackage[];
  /** The catalog's, in the order of answers. */
  readonly revisions: readonly Revision[];
  /** Ids of those that the site leaves out. */
  readonly unfit: ReadonlySet<string>;
  readonly history: History;
}

export interface SiteBrowsing {
  readonly distribution: Distribution;
  readonly browsed: Browsed;
  /** All of the site, in the order of answers. */
  readonly revisions: readonly IndexedRevision[];
  readonly columns: Columns;
  readonly findings: readonly Finding[];
  readonly writer: SiteWriter;
}

/** Writes the pages that belong to no package, and the list of all pages. */
export function browseSite(site: SiteBrowsing): void {
  const { browsed, columns, writer } = site;
  const pages = [listOf(site), ...aboutPages(site)];
  const files: [string, string | Buffer][] = [
    ...pages.map(({ path, text }): [string, string] => [path, text]),
    [STYLE, CSS],
    [SCRIPT, readScript()],
    [COLUMNS, JSON.stringify(askedColumns(columns))],
  ];
  const own = browsed.packages.flatMap((one) => one.pages);
  writer.enter(listingOf(own));
  const written = files.map(([path, text]) => {
    const bytes = Buffer.from(text);
    return writer.write(pagePath(path), bytes, { type: mediaType(path, () => bytes), cache: 'index' });
  });
  const entries = [...own, ...written].map((file) => [toByteString(file.path), fileEntry(file)] as const);
  const text = fileListText({ files: Object.fromEntries(entries) });
  writer.write(PAGE_LIST, Buffer.from(text), { type: 'application/json', cache: 'none' });
}

function listOf({ distribution: { name, tables }, browsed, revisions }: SiteBrowsing): Page {
  return listPage({
    distribution: name,
    items: browsed.packages.map(({ item }) => item),
    revisions: revisions.length,
    categories: tables.categories,
    types: [...new Set(revisions.map(({ facts }) => facts.type))].sort(),
  });
}

/** The page about the distribution, what waits, what changed, and feeds: each where there is something of it. */
function aboutPages({ distribution, browsed, findings }: SiteBrowsing): Page[] {
  const { name, registry } = distribution;
  const { packages, history } = browsed;
  const served = {
    ...browsed,
    distribution: name,
    layers: distribution.layers.map((layer) => layer.name),
    titles: new Map(packages.map(({ item }) => [item.name, item.title])),
  };
  const waiting = waitingLayers(served, history);
  const feed = feedFacts(served, history);
  const layers = served.layers.map((layer) => ({
    name: layer,
    versions: packages.flatMap((one) => one.layers).filter((own) => own === layer).length,
  }));
  const sized = packages.map(({ item, layers: own, bytes }) => ({
    name: item.name,
    title: item.title,
    versions: own.length,
    bytes,
  }));
  const { updates } = feed;
  return [
    aboutPage({ distribution: name, registry, layers, waiting, newest: updates[0], packages: sized, findings }),
    ...(waiting.length > 0 ? waitingPages(name, waiting) : []),
    ...(updates.length > 0 ? [...updatesPages(name, updates), ...feedsOf(feed)] : []),
  ];
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
