import { html } from './html.ts';
import type { Content, Html } from './html.ts';
import { pagesOf } from './paged.ts';
import { counted, FEEDS, packageFolder, UPDATES } from './shell.ts';
import type { Page } from './shell.ts';

/*
 * What changed in a distribution, and when: a page, and the words that feeds share with it.
 */

/** A commit of a layer by which the distribution serves other versions. */
export interface UpdateFacts {
  /** The same in every build, and in no other update of any distribution: a URN. */
  readonly id: string;
  readonly layer: string;
  /** When, in ISO 8601. */
  readonly time: string;
  readonly moves: readonly MoveFacts[];
}

/** A version of a package that came, went, or moved from one layer to another. */
export interface MoveFacts {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  /** Whether the package has a page. */
  readonly isThere: boolean;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** The page of all updates, the newest first. */
export function updatesPages(distribution: string, updates: readonly UpdateFacts[]): Page[] {
  return pagesOf({
    path: UPDATES,
    title: `Updates of ${distribution}`,
    distribution,
    head: feedLinks(distribution),
    top: html`<h1>Updates of ${distribution}</h1>
      <p>Commits by which this registry serves other versions, or serves them from another layer. ${feedNote()}</p>`,
    blocks: updates.map((update) => updateBlock(update, 2)),
    instead: () => html`<p class="note">An update is left out here: its list is too long for a page.</p>`,
  });
}

/** An update, under a heading. */
export function updateBlock(update: UpdateFacts, level: 2 | 3): Html {
  const { id, layer, time } = update;
  const title = html`<time datetime="${time}">${time.slice(0, 10)}</time> ${layer}`;
  return html`<section id="${anchorOf(id)}">
    ${level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`} ${updateList(update, true)}
  </section> `;
}

/** The place of an update on its page. */
export function anchorOf(id: string): string {
  return `update-${id.slice(id.lastIndexOf(':') + 1)}`;
}

/** Links to the feeds, for the head of a page. */
export function feedLinks(distribution: string): Html {
  return html`<link
      rel="alternate"
      type="application/atom+xml"
      title="Updates of ${distribution}"
      href="${FEEDS.atom}"
    />
    <link rel="alternate" type="application/feed+json" title="Updates of ${distribution}" href="${FEEDS.json}" />`;
}

export function feedNote(): Html {
  return html`Feeds: <a href="${FEEDS.atom}">Atom</a>, <a href="${FEEDS.json}">JSON Feed</a>.`;
}

/** An update in a few words: `production: 2 new versions, 1 version gone`. */
export function updateTitle({ layer, moves }: UpdateFacts): string {
  const words = KINDS.flatMap(({ is, short }) => {
    const count = moves.filter(is).length;
    return count === 0 ? [] : [short(counted(count, 'version'))];
  });
  return `${layer}: ${words.join(', ')}`;
}

interface MoveKind {
  is(move: MoveFacts): boolean;
  short(versions: string): string;
  /** Before the packages. */
  long(move: MoveFacts): string;
}

const KINDS: readonly MoveKind[] = [
  {
    is: ({ from }) => from === undefined,
    short: (versions) => versions.replace(' ', ' new '),
    long: () => 'New',
  },
  {
    is: ({ from, to }) => from !== undefined && to !== undefined,
    short: (versions) => `${versions} from another layer`,
    long: ({ from = '', to = '' }) => `From ${to} instead of ${from}`,
  },
  {
    is: ({ to }) => to === undefined,
    short: (versions) => `${versions} gone`,
    long: () => 'Gone',
  },
];

/**
 * What came, moved and went, in about `MOST_BYTES`; the rest is counted. In a feed, `hasLinks` is false: there is no address that links
 * would start from.
 */
export function updateList({ moves }: UpdateFacts, hasLinks: boolean): Html {
  const groups = KINDS.flatMap(({ is, long }) => Array.from(groupsOf(moves.filter(is), long)));
  const most = MOST_BYTES / groups.length;
  return html`<ul>
    ${groups.map(([label, own]) => html`<li>${label}: ${packageList(own, { hasLinks, most })}</li> `)}
  </ul>`;
}

/** Packages as far as they fit into `most` bytes, and how many others there are. */
function packageList(
  moves: readonly MoveFacts[],
  { hasLinks, most }: { readonly hasLinks: boolean; readonly most: number },
): Content {
  const packages = [...groupsOf(moves, ({ name }) => name).values()];
  const shown: Html[] = [];
  let used = 0;
  for (const own of packages.slice(0, MOST_PACKAGES)) {
    const text = html`${shown.length > 0 && '; '}${packageText(own, hasLinks)}`;
    used += Buffer.byteLength(text.html);
    if (used > most) break;
    shown.push(text);
  }
  const rest = packages.slice(shown.length);
  if (rest.length === 0) return shown;
  const [before, noun] = shown.length > 0 ? ['; and ', 'other package'] : ['', 'package'];
  return html`${shown}${before}${counted(rest.flat().length, 'version')} of ${counted(rest.length, noun)}`;
}

function packageText(moves: readonly MoveFacts[], hasLinks: boolean): Html {
  const { name, title, isThere } = moves[0] as MoveFacts;
  const versions = moves.map(({ version }) => version);
  const more = versions.length - MOST_VERSIONS;
  return html`${hasLinks && isThere ? html`<a href="${packageFolder(name)}">${title}</a>` : title}
  ${versions.slice(-MOST_VERSIONS).join(', ')}${more > 0 && ` and ${more} older`}`;
}

function groupsOf(moves: readonly MoveFacts[], keyOf: (move: MoveFacts) => string): Map<string, MoveFacts[]> {
  const groups = new Map<string, MoveFacts[]>();
  for (const move of moves) {
    const key = keyOf(move);
    const own = groups.get(key) ?? [];
    groups.set(key, own);
    own.push(move);
  }
  return groups;
}

/** A page and a feed have room for a list of this length. */
const MOST_BYTES = 40_000;
const MOST_PACKAGES = 60;
const MOST_VERSIONS = 5;
