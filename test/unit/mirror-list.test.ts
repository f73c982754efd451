import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { parseList } from '../../src/mirror/list.ts';
import { filesOf, temporaryFolder } from '../support/folder.ts';
import { everything, heldIds, mirror, said } from '../support/mirroring.ts';
import { LIST, sendJson, startUpstream } from '../support/upstream.ts';

const NESTED = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

/** Entries of a list, and what is said of each. */
const HOSTILE: readonly (readonly [entry: unknown, said: string])[] = [
  [null, 'is no package'],
  ['acme', 'is no package'],
  [[], 'is no package'],
  [{}, 'has an invalid name: undefined'],
  [{ name: '../../etc', version: '1.0.0' }, 'has an invalid name: "../../etc"'],
  [{ name: 'a\0b', version: '1.0.0' }, String.raw`has an invalid name: "a\u0000b"`],
  [{ name: 'a\u202eb', version: '1.0.0' }, 'has an invalid name: "a\u202eb"'],
  [{ name: 'acme\n', version: '1.0.0' }, String.raw`has an invalid name: "acme\n"`],
  [{ name: 'Acme', version: '1.0.0' }, 'has an invalid name: "Acme"'],
  [{ name: '', version: '1.0.0' }, 'has an invalid name: ""'],
  [{ name: ['acme'], version: '1.0.0' }, 'has an invalid name: object'],
  [{ name: 'acme' }, 'has an invalid version: undefined of "acme"'],
  [{ name: 'acme', version: 1 }, 'has an invalid version: number of "acme"'],
  [{ name: 'acme', version: '1.0' }, 'has an invalid version: "1.0" of "acme"'],
  [{ name: 'acme', version: '1.0.0/../2.0.0' }, 'has an invalid version: "1.0.0/../2.0.0" of "acme"'],
  [{ name: 'acme', version: '1.0.0-?' }, 'has an invalid version: "1.0.0-?" of "acme"'],
  [{ name: 'acme', version: '01.0.0' }, 'has an invalid version: "01.0.0" of "acme"'],
  [
    { name: 'x'.repeat(1e7), version: '1.0.0' },
    'has more than 1,048,576 bytes; the limit is 1,048,576 (limits.manifest in distributions.yml)',
  ],
  [
    { name: 'x'.repeat(1e6), version: '1.0.0' },
    `has a name and a version that are too long for file names: "${'x'.repeat(200)}…"`,
  ],
  [
    { name: 'acme', version: `1.0.0-${'x'.repeat(240)}` },
    'has a name and a version that are too long for file names: "acme"',
  ],
  [{ name: 'good', version: '1.0.0', type: 'other' }, 'lists good@1.0.0 again; the first one counts'],
];

test('entries that name no package are told, and harm no other', async () => {
  const upstream = await startUpstream();
  upstream.add('good', '1.0.0', { summary: { type: 'first', __proto__: { evil: true } } });
  upstream.list.push(...HOSTILE.map(([entry]) => entry));
  upstream.add('good', '2.0.0', {
    summary: { vars: '@nested', download: 'https://evil.example.org/x', path: '/../..' },
  });
  const text = JSON.stringify(upstream.list).replace('"@nested"', NESTED);
  upstream.once(LIST, (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(text));
  const cache = temporaryFolder();
  const mirrored = await mirror(upstream.url, cache);
  expect(heldIds(mirrored)).toEqual(['good@1.0.0', 'good@2.0.0']);
  expect(mirrored.held[0]?.listed.facts).toEqual({ type: 'first' });
  const told = HOSTILE.map(([, text], i) => `refused error: entry ${i + 2} ${text}`);
  expect(said(mirrored)).toEqual([...told.slice(0, 20), 'refused error: has faults in 1 more of its entries']);
  expect(upstream.seen).toHaveLength(3);
  expect(
    Object.keys(filesOf(cache)).filter(
      (path) => !/^registries\/(contents\/[0-9a-f]{2}\/[0-9a-f]{64}|[0-9a-f]{16}\/(held.ndjson|list.json))$/.test(path),
    ),
  ).toEqual([]);
  expect((await mirror(upstream.url, cache, { offline: true })).held).toEqual(mirrored.held);
});

async function* inPieces(bytes: Buffer, size = 1): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test.each([
  '[]',
  ' [ ] ',
  '[{"name":"a","version":"1.0.0","title":"],[\\\\\\"{"}, {"name":"b","version":"1.0.0","x":[{},[[]],"]"]}\n]',
])('a list is read the same in pieces of any size: %s', async (text) => {
  const [bytes, expected] = [Buffer.from(text), (JSON.parse(text) as { name: string }[]).map(({ name }) => name)];
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const { listed, faults } = await parseList(inPieces(bytes, size), DEFAULT_LIMITS);
    expect({ names: listed.map(({ name }) => name), faults }).toEqual({ names: expected, faults: [] });
  }
});

test.each(['', ' ', '[', '[}', '[,]', '[1,]', '[1 2]', '[1', '["a]', '[1]]', '[] []', '[{]', '[{"a":1]', '\ufeff[]'])(
  'what is no list is told: %s',
  async (text) => {
    await expect(parseList(inPieces(Buffer.from(text)), DEFAULT_LIMITS)).rejects.toThrow(
      'gives a list that is not JSON',
    );
  },
);

async function* withManyTexts(): AsyncGenerator<Buffer> {
  const categories = JSON.stringify(Array.from({ length: 90_000 }, (_, i) => `c${i}`));
  for (let i = 0; i < 12; i++)
    yield Buffer.from(`${i === 0 ? '[' : ','}{"name":"a${i}","version":"1.0.0","categories":${categories}}`);
  yield Buffer.from(']');
}

test('more texts than a list may have are refused', async () => {
  await expect(parseList(withManyTexts(), DEFAULT_LIMITS)).rejects.toThrow(
    'has more than 1,000,000 categories and capabilities',
  );
});

test('an empty list is told', async () => {
  const upstream = await startUpstream();
  expect(said(await mirror(upstream.url, temporaryFolder()))).toEqual(['takes-nothing warning: lists no packages']);
});

test('more names of packages than the limit are no list', async () => {
  const list = ['a', 'b', 'b', 'c'].map((name, i) => ({ name, version: `1.0.${i}` }));
  const bytes = Buffer.from(JSON.stringify(list));
  const parsed = await parseList(inPieces(bytes), { ...DEFAULT_LIMITS, packages: 3 });
  expect(parsed.listed).toHaveLength(4);
  await expect(parseList(inPieces(bytes), { ...DEFAULT_LIMITS, packages: 2 })).rejects.toThrow(
    'has more than 2 packages; the limit is 2',
  );
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
