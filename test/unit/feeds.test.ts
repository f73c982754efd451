import { describe, expect, test } from 'vitest';
import { feedsOf } from '../../src/pages/feeds.ts';
import { updatesPages } from '../../src/pages/updates.ts';
import type { MoveFacts, UpdateFacts } from '../../src/pages/updates.ts';
import { atomFaults, jsonFeedFaults } from '../support/feed-faults.ts';
import { withRequiredBy } from '../../src/pages/required-by.ts';

const move = (more: Partial<MoveFacts> = {}): MoveFacts => {
  const name = more.name ?? 'acme';
  return { name, title: name, version: '1.0.0', isThere: true, from: undefined, to: 'production', ...more };
};
/** A move with a version of a thousand characters. */
const long = (n: number, more: Partial<MoveFacts> = {}): MoveFacts =>
  move({ name: `p${n}`, title: `Package ${n}`, version: `1.0.0-${'a'.repeat(1000)}`, ...more });
const update = (moves: readonly MoveFacts[], n = 0): UpdateFacts => {
  const id = `urn:uuid:00000000-0000-8000-8000-${String(n).padStart(12, '0')}`;
  return { id, layer: 'production', time: '2024-01-02T03:04:05.000Z', moves };
};

/** Feeds that are right by their formats. */
function feeds(updates: readonly UpdateFacts[], distribution = 'all'): { atom: string; json: JsonFeed } {
  const { atom, json } = feedTexts(updates, distribution);
  expect([...atomFaults(atom), ...jsonFeedFaults(json)]).toEqual([]);
  return { atom, json: JSON.parse(json) as JsonFeed };
}

function feedTexts(updates: readonly UpdateFacts[], distribution = 'all'): { atom: string; json: string } {
  const [atom, json] = feedsOf({ distribution, id: 'urn:uuid:00000000-0000-8000-8000-0000000000ff', updates });
  // As they are written, in UTF-8.
  return { atom: Buffer.from(atom?.text ?? '').toString('utf8'), json: Buffer.from(json?.text ?? '').toString('utf8') };
}

interface JsonFeed {
  readonly version: string;
  readonly description?: string;
  readonly items: readonly { id: string; title: string; content_html: string; date_published: string }[];
}

function faultsOf(judge: () => string[]): string {
  try {
    return judge().join('\n');
  } catch (error) {
    return String(error);
  }
}

describe('feeds', () => {
  test('have what RFC 4287 and JSON Feed 1.1 ask for', () => {
    const { atom, json } = feeds([update([move(), move({ version: '0.9.0', to: undefined, from: 'production' })])]);
    expect(atom).toContain('<author><name>all</name></author>');
    expect(json.description).toBeUndefined();
    expect(atom).not.toContain('subtitle');
    expect(json.items).toEqual([
      {
        id: update([]).id,
        title: 'production: 1 new version, 1 version gone',
        content_html: '<ul> <li>New: acme 1.0.0</li> <li>Gone: acme 0.9.0</li> </ul>',
        date_published: '2024-01-02T03:04:05.000Z',
      },
    ]);
  });

  const id = update([]).id;

  test.each([
    [`<id>${id}</id>`, '', '4.1.2: 0 × id in entry'],
    [id, 'urn:uuid:1', '4.2.6'],
    ['<updated>2024-01-02T03', '<updated>2024-01-02 03', '3.3'],
    ['<author><name>all</name></author>', '', '4.1.2: no author'],
    ['<name>all</name>', '<name/>', '3.2'],
    ['<link rel="self" type="application/atom+xml" href="updates.xml"/>', '', '4.1.1: no link to itself'],
    ['href="updates.xml"', 'href="updates.json"', '4.2.7.2'],
    ['href="updates.html"', 'href="https://a.example/"', '4.2.7.1'],
    ['http://www.w3.org/2005/Atom', 'http://purl.org/atom/ns#', '2: another namespace'],
    ['type="html">', 'type="xhtml">', '4.1.3'],
    ['&lt;ul&gt;', '<ul>', 'not well-formed'],
    ['&lt;ul&gt;', '&nbsp;', 'no entity of XML'],
    ['</entry>', '</entry><entry></entry>', '4.1.2: 0 × id in entry'],
  ])('an Atom feed with %j -> %j would be found', (from, to, fault) => {
    const { atom } = feedTexts([update([move()])]);
    expect(atom).toContain(from);
    expect(faultsOf(() => atomFaults(atom.replace(from, to)))).toContain(fault);
  });

  test.each([
    ['version/1.1', 'version/1', 'another version'],
    ['"title": "Updates of all"', '"title": ""', 'no title'],
    ['"items"', '"entries"', 'no items'],
    [`"id": "${id}"`, '"id": 7', 'the id 7'],
    ['"content_html"', '"content"', 'an item without content'],
    ['03:04:05.000Z', '03:04:05', 'the date'],
  ])('a JSON feed with %j -> %j would be found', (from, to, fault) => {
    const { json } = feedTexts([update([move()])]);
    expect(json).toContain(from);
    expect(faultsOf(() => jsonFeedFaults(json.replace(from, to)))).toContain(fault);
  });

  test('a commit may add as many versions as a layer may hold', () => {
    const versions = Array.from({ length: 50_000 }, (_, i) => move({ name: `p${i % 10_000}`, version: `1.0.${i}` }));
    const { json } = feeds([update(versions)]);
    expect(json.items[0]?.title).toBe('production: 50,000 new versions');
    expect(json.items[0]?.content_html).toMatch(/; and 49,700 versions of 9,940 other packages<\/li> <\/ul>$/);
    expect(updatesPages('all', [update(versions)])).toHaveLength(1);
  });

  test('hold no element, address or character of a package', () => {
    const title = `]]></content><script>alert(1)</script>&amp;\0\x08\x0b\x1f\ufffe\uffff\ud800 <a href="javascript:x">`;
    const { atom, json } = feeds([update([move({ title }), move({ name: 'gone', title, isThere: false })])], title);
    expect(atom.match(/<(?!\/)[^>\s]+/g)?.sort()).toEqual(
      ['<?xml', '<author', '<content', '<entry', '<feed', '<id', '<id', '<link', '<link', '<link'].concat([
        '<name',
        '<title',
        '<title',
        '<updated',
        '<updated',
      ]),
    );
    expect(json.items[0]?.content_html).not.toMatch(/<(?!\/?(ul|li)>)/);
  });

  test('are short, whatever changed', () => {
    const many = Array.from({ length: 3000 }, (_, i) => move({ name: `package_${i}`, version: `1.${i}.0` }));
    const updates = Array.from({ length: 100 }, (_, n) => update(many, n));
    const { atom, json } = feeds(updates);
    expect(atom.length).toBeLessThan(100_000);
    expect(json.items.length).toBeGreaterThan(10);
    expect(json.items[0]?.content_html).toContain('and 2,940 versions of 2,940 other packages');
    const note = `The newest ${json.items.length} updates. updates.html also has ${100 - json.items.length} older.`;
    expect(json.description).toBe(note);
    expect(atom).toContain(`<subtitle>${note}</subtitle>`);
    for (const page of updatesPages('all', updates)) expect(page.text.length).toBeLessThan(100_000);
  });
});

describe('an update of endless texts', () => {
  test('is shown as far as it fits, and the rest is counted', () => {
    const moves = Array.from({ length: 60 }, (_, n) => long(n));
    const [page, ...others] = updatesPages('all', [update(moves)]);
    expect(others).toEqual([]);
    expect(page?.text).toMatch(/Package 37<\/a>\s+1\.0\.0-a+; and 22 versions of 22 other packages/);
    const { json } = feeds([update(moves)]);
    expect(json.items[0]?.content_html).toMatch(/; and 2\d versions of 2\d other packages/);
    expect(json.items[0]?.content_html.length).toBeLessThan(41_000);
  });

  test('may be counted alone', () => {
    const [page] = updatesPages('all', [update([long(0, { title: 'a'.repeat(100_000) })])]);
    expect(page?.text).toContain('<li>New: 1 version of 1 package</li>');
  });

  test('is said to be left out where nothing of it fits', () => {
    const name = 'b'.repeat(100_000);
    const [page] = updatesPages('all', [update([]), update([long(0, { from: name })], 1)]);
    expect(page?.text).toContain('An update is left out here: its list is too long for a page.');
    expect(page?.text.length).toBeLessThan(100_000);
  });
});

test('which packages require one is filled into its page, and changed there', () => {
  const page = 'a<!--required by--><!--/-->b';
  const one = withRequiredBy(page, ['x']);
  expect(one).toContain('href="../x/"');
  expect(withRequiredBy(one, ['y', 'z'])).toContain('href="../y/">y</a>, <a href="../z/"');
  expect(withRequiredBy(withRequiredBy(one, ['y']), [])).toBe(page);
});
