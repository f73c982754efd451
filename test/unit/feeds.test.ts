import { describe, expect, test } from 'vitest';
import { feedsOf } from '../../src/pages/feeds.ts';
import { updatesPages } from '../../src/pages/updates.ts';
import type { MoveFacts, UpdateFacts } from '../../src/pages/updates.ts';
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

function feeds(updates: readonly UpdateFacts[], distribution = 'all'): { atom: string; json: JsonFeed } {
  const [atom, json] = feedsOf({ distribution, id: 'urn:uuid:00000000-0000-8000-8000-0000000000ff', updates });
  return { atom: atom?.text ?? '', json: JSON.parse(json?.text ?? '') as JsonFeed };
}

interface JsonFeed {
  readonly version: string;
  readonly description?: string;
  readonly items: readonly { id: string; title: string; content_html: string; date_published: string }[];
}

describe('feeds', () => {
  test('have what RFC 4287 and JSON Feed 1.1 ask for', () => {
    const { atom, json } = feeds([update([move(), move({ version: '0.9.0', to: undefined, from: 'production' })])]);
    for (const element of ['id', 'title', 'updated'])
      expect(atom.match(new RegExp(`<${element}>[^<]+</${element}>`, 'g'))).toHaveLength(2);
    expect(atom).toContain('<author><name>all</name></author>');
    expect(json.version).toBe('https://jsonfeed.org/version/1.1');
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
    const bytes = Buffer.from(atom).toString('utf8');
    expect(bytes).not.toMatch(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
    expect(bytes.match(/<(?!\/)[^>\s]+/g)?.sort()).toEqual(
      ['<?xml', '<author', '<content', '<entry', '<feed', '<id', '<id', '<link', '<link', '<link'].concat([
        '<name',
        '<title',
        '<title',
        '<updated',
        '<updated',
      ]),
    );
    expect(bytes).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/);
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
