import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { parseList } from '../../src/mirror/list.ts';
import { filesOf, temporaryFolder } from '../support/folder.ts';
import { everything, heldIds, mirror, said } from '../support/mirroring.ts';
import { LIST, sendJson, startUpstream } from '../support/upstream.ts';

/** What the serializer of JSON can't write. */
const NESTED = `${'['.repeat(5000)}${']'.repeat(5000)}`;

/** Entries of a list, and what is said of each. */
const HOSTILE: readonly (readonly [entry: unknown, said: string])[] = [
  [null, 'is no package'],
  ['acme', 'is no package'],
  [[], 'is no package'],
  [{}, 'has a name that no package has: undefined'],
  [{ name: '../../etc', version: '1.0.0' }, 'has a name that no package has: "../../etc"'],
  [{ name: 'a\0b', version: '1.0.0' }, String.raw`has a name that no package has: "a\u0000b"`],
  [{ name: 'a\u202eb', version: '1.0.0' }, 'has a name that no package has: "a\u202eb"'],
  [{ name: 'acme\n', version: '1.0.0' }, String.raw`has a name that no package has: "acme\n"`],
  [{ name: 'Acme', version: '1.0.0' }, 'has a name that no package has: "Acme"'],
  [{ name: '', version: '1.0.0' }, 'has a name that no package has: ""'],
  [{ name: ['acme'], version: '1.0.0' }, 'has a name that no package has: object'],
  [{ name: 'acme' }, 'has a version that is none: undefined of "acme"'],
  [{ name: 'acme', version: 1 }, 'has a version that is none: number of "acme"'],
  [{ name: 'acme', version: '1.0' }, 'has a version that is none: "1.0" of "acme"'],
  [{ name: 'acme', version: '1.0.0/../2.0.0' }, 'has a version that is none: "1.0.0/../2.0.0" of "acme"'],
  [{ name: 'acme', version: '1.0.0-?' }, 'has a version that is none: "1.0.0-?" of "acme"'],
  [{ name: 'acme', version: '01.0.0' }, 'has a version that is none: "01.0.0" of "acme"'],
  [
    { name: 'x'.repeat(1e7), version: '1.0.0' },
    `has a name and version that are too long to be file names: "${'x'.repeat(200)}…"`,
  ],
  [
    { name: 'acme', version: `1.0.0-${'x'.repeat(240)}` },
    'has a name and version that are too long to be file names: "acme"',
  ],
  [{ name: 'acme', version: '9.0.0', vars: '@nested' }, 'has too many lists and objects in each other: "acme@9.0.0"'],
  [{ name: 'good', version: '1.0.0', title: 'Other' }, 'lists good@1.0.0 again; the first one counts'],
];

test('entries that name no package are told, and harm no other', async () => {
  const upstream = await startUpstream();
  upstream.add('good', '1.0.0', { summary: { title: 'First', __proto__: { evil: true } } });
  upstream.list.push(...HOSTILE.map(([entry]) => entry));
  upstream.add('good', '2.0.0', { summary: { download: 'https://evil.example.org/x', path: '/../..' } });
  const text = JSON.stringify(upstream.list).replace('"@nested"', NESTED);
  upstream.once(LIST, (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(text));
  const cache = temporaryFolder();
  const mirrored = await mirror(upstream.url, cache);
  expect(heldIds(mirrored)).toEqual(['good@1.0.0', 'good@2.0.0']);
  expect(mirrored.held[0]?.listed.summary['title']).toBe('First');
  const told = HOSTILE.map(([, text], i) => `refused error: entry ${i + 2} ${text}`);
  expect(said(mirrored)).toEqual([...told.slice(0, 20), 'refused error: has more such entries: 1']);
  expect(upstream.seen).toHaveLength(3);
  expect(
    Object.keys(filesOf(cache)).filter(
      (path) => !/^registries\/(contents\/[0-9a-f]{2}\/[0-9a-f]{64}|[0-9a-f]{16}\/(held.ndjson|list.json))$/.test(path),
    ),
  ).toEqual([]);
  expect((await mirror(upstream.url, cache, { offline: true })).held).toEqual(mirrored.held);
});

test('more names of packages than the limit are no list', () => {
  const list = ['a', 'b', 'b', 'c'].map((name, i) => ({ name, version: `1.0.${i}` }));
  const bytes = Buffer.from(JSON.stringify(list));
  expect(parseList(bytes, { ...DEFAULT_LIMITS, packages: 3 }).listed).toHaveLength(4);
  expect(() => parseList(bytes, { ...DEFAULT_LIMITS, packages: 2 })).toThrow('has 3 packages; the limit is 2');
});

test('ranges of spec versions are asked for, and kept', async () => {
  const upstream = await startUpstream();
  upstream.add('acme', '1.0.0');
  upstream.add('acme', '2.0.0');
  upstream.always(`${LIST}&spec.min=2.3&spec.max=3.0`, (response) =>
    sendJson(response, [upstream.list[0], { name: 'other', version: '1.0.0' }]),
  );
  upstream.always(`${LIST}&spec.min=2.3&spec.max=3.6`, (response) => sendJson(response, upstream.list));
  const cache = temporaryFolder();
  const rangesOf = async (more: object): Promise<unknown> =>
    (await mirror(upstream.url, cache, { wanted: everything('2.3-3.0', '2.3-3.6'), ...more })).held.map(
      ({ listed }) => listed.ranges,
    );
  expect(await rangesOf({})).toEqual([['2.3-3.0', '2.3-3.6'], ['2.3-3.6']]);
  expect(await rangesOf({ offline: true })).toEqual([['2.3-3.0', '2.3-3.6'], ['2.3-3.6']]);
  await expect(mirror(upstream.url, cache, { wanted: everything('2.3-3.1'), offline: true })).rejects.toMatchObject({
    code: 'offline',
    message: `elastic: the cache doesn't know what ${upstream.url} lists in the range 2.3-3.1 of spec versions`,
  });
});
