import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { blobId } from '../../src/storage/object-id.ts';
import { temporaryFolder } from '../support/folder.ts';
import { heldIds, mirror, said } from '../support/mirroring.ts';
import { LIST, packageZip, redirect, startUpstream, status, zipAt } from '../support/upstream.ts';

test('brings everything that is listed, and asks only once', async () => {
  const upstream = await startUpstream();
  upstream.add('nginx', '1.10.0');
  upstream.add('nginx', '1.9.0', { summary: { type: 'integration' } });
  upstream.add('acme', '0.0.1-beta+a');
  const cache = temporaryFolder();
  const first = await mirror(`${upstream.url}/`, cache);
  expect(said(first)).toEqual([]);
  expect(heldIds(first)).toEqual(['acme@0.0.1-beta+a', 'nginx@1.9.0', 'nginx@1.10.0']);
  const zip = packageZip('nginx', '1.9.0');
  const held = first.held[1];
  expect(held?.listed.facts).toEqual({ type: 'integration' });
  expect(held?.zip).toMatchObject({
    size: zip.length,
    digest: createHash('sha256').update(zip).digest('hex'),
    content: blobId(zip),
  });
  expect(readFileSync(held?.zip.file ?? '')).toEqual(zip);
  expect(first.report).toMatchObject({ registry: upstream.url, listed: 3, held: 3, requests: 4 });
  expect(first.report.new).toHaveLength(3);
  expect(upstream.paths()).toEqual([
    zipAt('acme', '0.0.1-beta+a'),
    zipAt('nginx', '1.10.0'),
    zipAt('nginx', '1.9.0'),
    LIST,
  ]);

  const second = await mirror(upstream.url, cache);
  expect(second.held).toEqual(first.held);
  expect(second.report).toMatchObject({ new: [], requests: 1 });
  const offline = await mirror(upstream.url, cache, { offline: true });
  expect(offline.held).toEqual(first.held);
  expect(offline.report).toMatchObject({ new: [], requests: 0, bytes: 0 });
});

test('what fails for a while is asked for again', async () => {
  const upstream = await startUpstream();
  for (const version of ['1.0.0', '1.0.1', '1.0.2', '1.0.3']) upstream.add('acme', version);
  upstream.once(LIST, status(503, { 'retry-after': '0' }), status(500));
  upstream.once(zipAt('acme', '1.0.0'), status(429, { 'retry-after': '3600' }));
  upstream.once(zipAt('acme', '1.0.1'), (response) => response.destroy());
  upstream.once(zipAt('acme', '1.0.2'), (response) => {
    response.writeHead(200, { 'content-length': 5000 }).write('PK');
    setTimeout(() => response.destroy(), 5);
  });
  upstream.once(zipAt('acme', '1.0.3'), redirect('/elsewhere'));
  upstream.files.set('/elsewhere', packageZip('acme', '1.0.3'));
  const mirrored = await mirror(upstream.url, temporaryFolder());
  expect(said(mirrored)).toEqual([]);
  expect(mirrored.report).toMatchObject({ held: 4, requests: 3 + 3 * 2 + 2 });
});

test.each([
  ['seconds', '3600'],
  ['a date', new Date(Date.now() + 3_600_000).toUTCString()],
])('Retry-After is heeded, but not longer than it may: %s', async (_, retryAfter) => {
  const upstream = await startUpstream();
  upstream.add('acme', '1.0.0');
  upstream.add('acme', '2.0.0');
  upstream.once(zipAt('acme', '1.0.0'), status(429, { 'retry-after': retryAfter }));
  const pace = { concurrency: 1, attempts: 2, backoff: 1, longestWait: 300 };
  const before = performance.now();
  expect(heldIds(await mirror(upstream.url, temporaryFolder(), { pace }))).toEqual(['acme@1.0.0', 'acme@2.0.0']);
  expect(performance.now() - before).toBeGreaterThan(295);
});
