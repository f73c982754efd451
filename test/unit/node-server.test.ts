import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFolderFiles } from '../../src/hosts/node/node-files.ts';
import { nodeSite } from '../../src/hosts/node/server.ts';
import type { NodeSite } from '../../src/hosts/node/server.ts';
import { columnsName, rowsName } from '../../src/tree/layout.ts';
import { manifestLine } from '../../src/tree/manifest.ts';
import { indexOf, revision } from '../support/registry.ts';

/*
 * `serve` over a small site, some of whose files can't be read. What makes them so is a link to itself or a folder in their
 * place, which stops root too.
 */

const root = mkdtempSync(join(tmpdir(), 'epr-static-node-'));
afterAll(() => rmSync(root, { recursive: true }));

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const BIG = 5 * 2 ** 20;
let folder = '';
let log: string[] = [];
let parts = { columns: '', rows: '', index: '' };
let server: Server;

beforeEach(async () => {
  folder = mkdtempSync(join(root, 'site-'));
  log = [];
  const { columns, rows } = indexOf(revision('acme@1.0.0', { categories: ['web'] }));
  const big = 'x'.repeat(BIG);
  const list = JSON.stringify({
    index: [5, sha256('12345'), 'application/json'],
    files: { 'a.txt': [4, sha256('text'), 'text/plain'], 'big.txt': [BIG, sha256(big), 'text/plain'] },
  });
  const columnsText = JSON.stringify(columns);
  const names = { build: columns.build, columns: columnsName(sha256(columnsText)), rows: rowsName(sha256(rows)) };
  write('_registry/index.json', JSON.stringify(names));
  write(`_registry/${names.columns}`, columnsText);
  write(`_registry/${names.rows}`, rows.toString('latin1'));
  write('_registry/files/acme/1.0.0.json', list);
  write('_registry/manifest/0.ndjson', lineOf('_registry/files/acme/1.0.0.json', list));
  parts = { columns: `_registry/${names.columns}`, rows: `_registry/${names.rows}`, index: '_registry/index.json' };
  write('_registry/package/acme/1.0.0.json', '12345');
  write('package/acme/1.0.0/a.txt', 'text');
  write('package/acme/1.0.0/big.txt', big);
  const site = nodeSite(nodeFolderFiles(folder), (line) => log.push(line));
  server = createServer((request, response) => void site.handle(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(() => void server.close());

function lineOf(path: string, text: string): string {
  return manifestLine({ path, size: text.length, digest: sha256(text), type: 'application/json', cache: 'none' });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text, 'latin1');
}

async function ask(path: string): Promise<[status: number, text: string, cache: string | null]> {
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  return [response.status, await response.text(), response.headers.get('cache-control')];
}

const unreadable = [503, 'a file of this registry can not be read\n', 'max-age=0, private, no-store'];

test.each([
  ['/package/acme/1.0.0/', '_registry/files/acme/1.0.0.json'],
  ['/package/acme/1.0.0/', '_registry/package/acme/1.0.0.json'],
  ['/package/acme/1.0.0/a.txt', 'package/acme/1.0.0/a.txt'],
  ['/package/acme/1.0.0/big.txt', 'package/acme/1.0.0/big.txt'],
])('%s is a 503 while %s can not be read', async (target, path) => {
  unlinkSync(join(folder, path));
  symlinkSync(join(folder, path), join(folder, path));
  expect(await ask(target)).toEqual(unreadable);
  expect(log).toEqual([expect.stringContaining(`${join(folder, path)} can't be read: ELOOP`)]);
  unlinkSync(join(folder, path));
  expect((await ask(target))[0]).toBe(404);
  expect(log).toHaveLength(1);
});

test('a folder in the place of a file', async () => {
  unlinkSync(join(folder, 'package/acme/1.0.0/a.txt'));
  mkdirSync(join(folder, 'package/acme/1.0.0/a.txt'));
  expect(await ask('/package/acme/1.0.0/a.txt')).toEqual(unreadable);
  expect(log).toEqual([
    expect.stringContaining(`${join(folder, 'package/acme/1.0.0/a.txt')} can't be read: it is no file`),
  ]);
});

test.each(['columns', 'rows', 'index'] as const)('no search while %s can not be read', async (part) => {
  const path = parts[part];
  unlinkSync(join(folder, path));
  symlinkSync(join(folder, path), join(folder, path));
  expect((await ask('/search'))[0]).toBe(503);
  expect(log.filter((line) => line.startsWith(`${join(folder, path)} can't be read: ELOOP`))).toEqual(log);
  expect(log).not.toEqual([]);
});

const COMPOSED = '/search?discovery=fields:none';

/** The bytes that a site hands over for each target. */
async function handedOver(site: NodeSite, ...targets: readonly string[]): Promise<unknown[]> {
  const bodies: unknown[] = [];
  const own = createServer((request, response) => {
    const end = response.end.bind(response) as (body: unknown) => ServerResponse;
    response.end = (body: unknown): ServerResponse => end(bodies[bodies.push(body) - 1]);
    void site.handle(request, response);
  });
  await new Promise<void>((done) => own.listen(0, '127.0.0.1', done));
  for (const target of targets)
    await (await fetch(`http://127.0.0.1:${(own.address() as AddressInfo).port}${target}`)).text();
  own.closeAllConnections();
  own.close();
  return bodies;
}

const newSite = (bodies?: number): NodeSite =>
  nodeSite(nodeFolderFiles(folder), (line) => log.push(line), bodies === undefined ? {} : { bodies });

describe('composed answers', () => {
  test('are kept', async () => {
    const [first, second, other] = await handedOver(newSite(), COMPOSED, COMPOSED, `${COMPOSED}&prerelease=true`);
    expect(first).toBeInstanceOf(Uint8Array);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  test('are kept up to so many bytes, the ones that were asked for last', async () => {
    // About 16 answers: each counts a kilobyte beside its body.
    const others = Array.from({ length: 20 }, (_, i) => `${COMPOSED}&prerelease=${i % 2 === 0}&x=${i}`);
    const bodies = await handedOver(newSite(16 * 1200), COMPOSED, ...others, COMPOSED, others[19] ?? '');
    expect(bodies[21]).not.toBe(bodies[0]);
    expect(bodies[22]).toBe(bodies[20]);
    const [first, second] = await handedOver(newSite(0), COMPOSED, COMPOSED);
    expect(second).not.toBe(first);
  });

  test('go with their build', async () => {
    const own = newSite();
    const [first] = await handedOver(own, COMPOSED);
    write(parts.index, readFileSync(join(folder, parts.index), 'latin1'));
    let body: unknown = first;
    while (body === first) [body] = await handedOver(own, COMPOSED);
    expect(body).toEqual(first);
  });
});

test('a name that no file system holds is not there', async () => {
  expect((await ask(`/package/${'a'.repeat(300)}/1.0.0/`))[0]).toBe(404);
  expect(log).toEqual([]);
});
