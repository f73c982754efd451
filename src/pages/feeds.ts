import { html, render } from './html.ts';
import { counted, FEEDS, UPDATES } from './shell.ts';
import type { Page } from './shell.ts';
import { anchorOf, updateList, updateTitle } from './updates.ts';
import type { UpdateFacts } from './updates.ts';

/*
 * The updates of a distribution as feeds. A build doesn't know at which address a site will be served, so ids are URNs, and addresses are
 * relative to the feed.
 */

export interface FeedFacts {
  readonly distribution: string;
  /** The id of the feed: a URN. */
  readonly id: string;
  /** The newest first; at least one. */
  readonly updates: readonly UpdateFacts[];
}

/** The feeds: Atom (RFC 4287), and JSON Feed 1.1. */
export function feedsOf(facts: FeedFacts): Page[] {
  const entries = entriesOf(facts.updates);
  return [
    { path: FEEDS.atom, text: atomFeed(facts, entries) },
    { path: FEEDS.json, text: jsonFeed(facts, entries) },
  ];
}

/** What is safe in HTML is safe in XML, too: of its entities only those are used that XML has. */
const xml = html;

interface Entry {
  readonly update: UpdateFacts;
  readonly title: string;
  /** HTML. */
  readonly content: string;
}

function entriesOf(updates: readonly UpdateFacts[]): Entry[] {
  const entries: Entry[] = [];
  let used = 0;
  for (const update of updates.slice(0, MOST_ENTRIES)) {
    const content = render(updateList(update, false)).replaceAll(/\s+/g, ' ').trim();
    used += Buffer.byteLength(content);
    if (used > MOST && entries.length > 0) break;
    entries.push({ update, title: updateTitle(update), content });
  }
  return entries;
}

/** What a feed says where it lacks updates that the page has. */
function noteOf({ updates }: FeedFacts, { length }: readonly Entry[]): string | undefined {
  const older = updates.length - length;
  return older === 0 ? undefined : `The newest ${counted(length, 'update')}. ${UPDATES} also has ${older} older.`;
}

const MOST_ENTRIES = 50;
/** Bytes of all contents. */
const MOST = 60_000;

function atomFeed(facts: FeedFacts, entries: readonly Entry[]): string {
  const { distribution, id, updates } = facts;
  const note = noteOf(facts, entries);
  const feed = xml`<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
  <id>${id}</id>
  <title>Updates of ${distribution}</title>
${note !== undefined && xml`  <subtitle>${note}</subtitle>\n`}  <updated>${updates[0]?.time}</updated>
  <author><name>${distribution}</name></author>
  <link rel="self" type="application/atom+xml" href="${FEEDS.atom}"/>
  <link rel="alternate" type="text/html" href="${UPDATES}"/>
${entries.map(
  ({ update, title, content }) => xml`  <entry>
    <id>${update.id}</id>
    <title>${title}</title>
    <updated>${update.time}</updated>
    <link rel="alternate" type="text/html" href="${UPDATES}#${anchorOf(update.id)}"/>
    <content type="html">${content}</content>
  </entry>
`,
)}</feed>
`;
  return `<?xml version="1.0" encoding="utf-8"?>\n${render(feed)}`;
}

function jsonFeed(facts: FeedFacts, entries: readonly Entry[]): string {
  const items = entries.map(({ update, title, content }) => ({
    id: update.id,
    title,
    content_html: content,
    date_published: update.time,
  }));
  const feed = {
    version: 'https://jsonfeed.org/version/1.1',
    title: `Updates of ${facts.distribution}`,
    description: noteOf(facts, entries),
    language: 'en',
    items,
  };
  return `${JSON.stringify(feed, undefined, 2)}\n`;
}
