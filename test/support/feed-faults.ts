/*
 * What is wrong with a feed by RFC 4287 (Atom) or JSON Feed 1.1: what they require, of what the feeds of this program have. Anything else
 * is a fault, too.
 */

/** What is wrong with an Atom feed, each with the section of RFC 4287. */
export function atomFaults(text: string): string[] {
  const [feed, ...others] = elementsOf(text);
  if (feed?.name !== 'feed' || others.length > 0) return ['2: the document is no feed'];
  const entries = feed.children.filter(({ name }) => name === 'entry');
  const ids = entries.map((entry) => textIn(entry, 'id'));
  return [
    ...(feed.attributes.get('xmlns') === 'http://www.w3.org/2005/Atom' ? [] : ['2: another namespace']),
    ...commonFaults(feed, FEED),
    ...(feed.children.some(isSelf) ? [] : ['4.1.1: no link to itself']),
    ...entries.flatMap((entry) => commonFaults(entry, ENTRY)),
    ...entries.flatMap((entry) => authorFaults(feed, entry)),
    ...(new Set(ids).size === ids.length ? [] : ['4.1.1: two entries with one id']),
  ];
}

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  /** With entities resolved. */
  text: string;
}

/** The elements that may stand in an element, and how often at least and at most. */
type Counts = Readonly<Record<string, readonly [least: number, most: number]>>;

const FEED: Counts = {
  id: [1, 1],
  title: [1, 1],
  updated: [1, 1],
  subtitle: [0, 1],
  author: [0, Infinity],
  link: [0, Infinity],
  entry: [0, Infinity],
};
const ENTRY: Counts = { id: [1, 1], title: [1, 1], updated: [1, 1], author: [0, 99], link: [0, 99], content: [0, 1] };

function commonFaults({ name, children }: Element, counts: Counts): string[] {
  const section = name === 'feed' ? '4.1.1' : '4.1.2';
  const counted = Object.entries(counts).flatMap(([child, [least, most]]) => {
    const { length } = children.filter((one) => one.name === child);
    return length >= least && length <= most ? [] : [`${section}: ${length} × ${child} in ${name}`];
  });
  const links = children.filter((one) => one.name === 'link').map(({ attributes }) => attributes);
  const alternates = links.filter((link) => link.get('rel') === 'alternate').map((link) => link.get('type'));
  return [
    ...counted,
    ...children.filter((one) => !(one.name in counts)).map((one) => `${section}: ${one.name} in ${name}`),
    ...(new Set(alternates).size === alternates.length ? [] : [`${section}: two alternates of one type`]),
    ...(alternates.length > 0 || children.some((one) => one.name === 'content') ? [] : [`${section}: no content`]),
    ...children.flatMap(formFaults),
  ];
}

/** What is wrong with an element by itself. */
function formFaults(element: Element): string[] {
  const { name, attributes, children, text } = element;
  const isPlain = children.length === 0;
  if (name === 'id') return isPlain && isIri(text) ? [] : [`4.2.6: ${text} is no IRI`];
  if (name === 'updated') return isPlain && isDate(text) ? [] : [`3.3: ${text} is no date`];
  if (name === 'link') return linkFaults(attributes);
  const type = attributes.get('type') ?? 'text';
  if (name === 'content') return isPlain && ['text', 'html'].includes(type) ? [] : ['4.1.3: content'];
  if (name === 'author')
    return children.length === 1 && textIn(element, 'name').trim() !== '' ? [] : ['3.2: an author without a name'];
  return name === 'entry' || (isPlain && text.trim() !== '') ? [] : [`3.1: ${name} without a text`];
}

const BASE = 'https://packages.example.org/_browse/updates.xml';

function linkFaults(attributes: Element['attributes']): string[] {
  const [href = '', rel = '', type = ''] = ['href', 'rel', 'type'].map((name) => attributes.get(name));
  const target = URL.canParse(href, BASE) ? new URL(href, BASE) : undefined;
  return [
    ...(target?.origin === new URL(BASE).origin ? [] : [`4.2.7.1: a link to ${href}`]),
    ...(rel !== 'self' || target?.href === BASE ? [] : [`4.2.7.2: itself is not ${href}`]),
    ...(/^[a-z]+\/[a-z+]+$/.test(type) ? [] : [`4.2.7.3: the type ${type}`]),
  ];
}

function isSelf({ name, attributes }: Element): boolean {
  return name === 'link' && attributes.get('rel') === 'self';
}

function authorFaults(feed: Element, entry: Element): string[] {
  return [feed, entry].some(({ children }) => children.some(({ name }) => name === 'author'))
    ? []
    : ['4.1.2: no author'];
}

function textIn({ children }: Element, name: string): string {
  return children.find((one) => one.name === name)?.text ?? '';
}

/** An absolute IRI; a UUID as RFC 9562 writes it. */
function isIri(text: string): boolean {
  if (text.startsWith('urn:uuid:')) return /^urn:uuid:[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text);
  return /^[a-z][a-z\d+.-]*:[^\s<>"{}|\\^`]+$/.test(text);
}

/** A date and time of RFC 3339, with capital `T` and `Z` as RFC 4287 asks. */
function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
}

const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n';
const TAG = /<(\/?)([a-z]+)((?: [a-z:]+="[^"<]*")*)(\/?)>/y;
const TEXT = /[^<]+/y;

/**
 * The elements of a document in the little of XML that a feed needs: tags, quoted attributes, the five entities. Throws an `Error` where it
 * isn't well-formed, or has anything else.
 */
function elementsOf(document: string): Element[] {
  if (!document.startsWith(DECLARATION)) throw new Error('no XML declaration');
  const root: Element = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [root];
  for (let at = DECLARATION.length; at < document.length;) {
    const parent = open.at(-1) ?? root;
    const pattern = document[at] === '<' ? TAG : TEXT;
    pattern.lastIndex = at;
    const found = pattern.exec(document);
    if (!found) throw new Error(`not well-formed: ${document.slice(at, at + 50)}`);
    at = pattern.lastIndex;
    if (pattern === TEXT) parent.text += resolved(found[0]);
    else if (found[1] === '/') {
      if (open.length === 1 || open.pop()?.name !== found[2]) throw new Error(`not well-formed: ${found[0]}`);
    } else {
      const element: Element = {
        name: found[2] ?? '',
        attributes: attributesOf(found[3] ?? ''),
        children: [],
        text: '',
      };
      parent.children.push(element);
      if (found[4] === '') open.push(element);
    }
  }
  if (open.length > 1) throw new Error(`not well-formed: <${open.at(-1)?.name}> has no end`);
  if (root.text.trim() !== '') throw new Error('text outside the root');
  return root.children;
}

function attributesOf(text: string): Map<string, string> {
  const pairs = [...text.matchAll(/ ([a-z:]+)="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, resolved(value)] as const,
  );
  const attributes = new Map(pairs);
  if (attributes.size < pairs.length) throw new Error(`an attribute twice: ${text}`);
  return attributes;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function resolved(text: string): string {
  if (/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text))
    throw new Error(`no character of XML: ${text}`);
  return text.replaceAll(/&([^;&]{0,9};?)/g, (entity, name: string) => {
    const char = name.endsWith(';') ? ENTITIES[name.slice(0, -1)] : undefined;
    if (char === undefined) throw new Error(`no entity of XML: ${entity}`);
    return char;
  });
}

/** What is wrong with a JSON feed. */
export function jsonFeedFaults(text: string): string[] {
  const feed = JSON.parse(text) as Record<string, unknown>;
  const items = Array.isArray(feed['items']) ? (feed['items'] as Record<string, unknown>[]) : undefined;
  const ids = items?.map((item) => item['id']) ?? [];
  return [
    ...(feed['version'] === 'https://jsonfeed.org/version/1.1' ? [] : ['another version']),
    ...(typeof feed['title'] === 'string' && feed['title'] !== '' ? [] : ['no title']),
    ...strangers(feed, ['version', 'title', 'description', 'language', 'items']),
    ...(items ? [] : ['no items']),
    ...(new Set(ids).size === ids.length ? [] : ['two items with one id']),
    ...(items ?? []).flatMap(itemFaults),
  ];
}

function itemFaults(item: Readonly<Record<string, unknown>>): string[] {
  const { id, content_html: content, date_published: date } = item;
  return [
    ...(typeof id === 'string' && isIri(id) ? [] : [`the id ${String(id)}`]),
    ...(typeof content === 'string' ? [] : ['an item without content']),
    ...(isDate(String(date)) ? [] : [`the date ${String(date)}`]),
    ...strangers(item, ['id', 'title', 'content_html', 'date_published']),
  ];
}

/** Members that are not texts, and those that the format doesn't know. */
function strangers(object: Readonly<Record<string, unknown>>, known: readonly string[]): string[] {
  return Object.entries(object)
    .filter(([key, value]) => !known.includes(key) || (key !== 'items' && typeof value !== 'string'))
    .map(([key]) => `the member ${key}`);
}
