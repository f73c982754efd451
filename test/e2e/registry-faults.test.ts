import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listing, run, siteFaults, start, startServer, temporaryFolder } from '../support/cli.ts';
import { packageFiles, writeFiles } from '../support/repository.ts';

/*
 * A registry behind a proxy that answers wrongly at random, with builds that are killed: nothing wrong ever counts, and a later build
 * completes.
 */

const folder = temporaryFolder();
let upstream: Awaited<ReturnType<typeof startServer>>;
let proxy: Server;

/** The same numbers in each run of the test, from 0 up to 1 (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomNumbers(20_261_127);
let faultsInTen = 0;

type Fault = (body: Buffer, response: ServerResponse) => void;
/** Of these, a list tells by its form that it is wrong. */
const FAULTS: readonly Fault[] = [
  (_, response) => void response.writeHead(500).end('broken'),
  (_, response) => void response.writeHead(429, { 'retry-after': '0' }).end('slower'),
  (body, response) =>
    void response.writeHead(200, { 'content-length': body.length }).end(Buffer.alloc(body.length, 'x')),
  (body, response) => void response.writeHead(200).end(body.subarray(0, body.length >> 1)),
  (body, response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, body.length >> 1), () => response.destroy());
  },
  (body, response) => void response.writeHead(200, { 'content-length': body.length - 1 }).end(body.subarray(0, -1)),
  (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
  (_, response) => void response.destroy(),
  (_, response) => void response.writeHead(302, { location: '/none' }).end(),
];
const FAULTS_OF_ZIPS: readonly Fault[] = [
  ...FAULTS,
  (body, response) => {
    const flipped = Buffer.from(body);
    const at = Math.floor(random() * flipped.length);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    response.writeHead(200, { 'content-length': flipped.length }).end(flipped);
  },
];

function answer({ url = '/' }: IncomingMessage, response: ServerResponse): void {
  const asked = request(`${upstream.url}${url}`, (answered) => {
    const chunks: Buffer[] = [];
    answered.on('data', (chunk: Buffer) => chunks.push(chunk));
    answered.on('end', () => {
      const body = Buffer.concat(chunks);
      const faults = url.endsWith('.zip') ? FAULTS_OF_ZIPS : FAULTS;
      const fault = random() * 10 < faultsInTen ? faults[Math.floor(random() * faults.length)] : undefined;
      if (fault) fault(body, response);
      else response.writeHead(answered.statusCode ?? 500, answered.headers).end(body);
    });
  });
  asked.on('error', () => response.destroy());
  asked.end();
}

interface Report {
  readonly site?: object;
  readonly findings: readonly { readonly code: string; readonly level: string }[];
  readonly layers: readonly { readonly mirror?: { readonly gone: readonly object[] } }[];
}

const BUILD = ['build', '--dist', 'all', '--json'];
const filesOf = (site: string): string[] =>
  listing(join(folder, site)).filter((line) => !line.includes('release.json'));

function config(gone: string): string {
  const layers = { elastic: { registry: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, gone } };
  return JSON.stringify({ registry: '1.40.1', layers, distributions: { all: { layers: ['elastic'], pages: false } } });
}

beforeAll(async () => {
  const packages = Array.from({ length: 30 }, (_, i) =>
    packageFiles(`acme_${i % 7}`, `1.${i}.0`, { 'docs/a.md': `${i}` }),
  );
  for (const files of packages) writeFiles(join(folder, 'storage/one/packages'), files);
  const common = { registry: '1.40.1', storage: 'storage' };
  const own = { ...common, layers: { one: {} }, distributions: { all: { layers: ['one'], pages: false } } };
  writeFileSync(join(folder, 'one.yml'), JSON.stringify(own));
  expect((await run([...BUILD, '--config', 'one.yml', '--out', 'one'], { cwd: folder })).status).toBe(0);
  upstream = await startServer(['--dir', 'one/all'], { cwd: folder });
  proxy = createServer(answer);
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  writeFileSync(join(folder, 'two.yml'), config('keep'));
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await upstream.stop();
});

test('a registry that answers wrongly at random, while builds are killed, gives the right site in the end', async () => {
  const args = [...BUILD, '--config', 'two.yml', '--out', 'two'];
  faultsInTen = 2;
  for (const after of [300, 600, 900]) {
    const { child, finished } = start(args, { cwd: folder });
    await pause(after);
    child.kill('SIGKILL');
    await finished;
  }
  const states: (number | null)[] = [];
  for (let i = 0; i < 20 && states.at(-1) !== 0; i++) {
    if (i > 5) faultsInTen = 0;
    const { status, stdout } = await run(args, { cwd: folder });
    states.push(status);
    const report = stdout === '' ? undefined : (JSON.parse(stdout) as Report);
    expect(report?.site !== undefined).toBe(status === 0);
  }
  expect(states.at(-1)).toBe(0);
  expect(siteFaults(join(folder, 'two/all'))).toEqual([]);
  expect(filesOf('two/all')).toEqual(filesOf('one/all'));
});

async function listedUpstream(): Promise<number> {
  const answered = await fetch(`${upstream.url}/search?all=true`);
  return ((await answered.json()) as object[]).length;
}

test('what the registry no longer has is kept, refused or dropped, as the layer says', async () => {
  rmSync(join(folder, 'storage/one/packages/acme_0/1.0.0'), { recursive: true });
  expect((await run([...BUILD, '--config', 'one.yml', '--out', 'one'], { cwd: folder })).status).toBe(0);
  while ((await listedUpstream()) === 30) await pause(100);
  const before = filesOf('two/all');
  for (const [gone, status] of [
    ['keep', 0],
    ['refuse', 1],
    ['drop', 0],
  ] as const) {
    writeFileSync(join(folder, 'two.yml'), config(gone));
    const made = await run([...BUILD, '--config', 'two.yml', '--out', 'two'], { cwd: folder });
    const { findings, layers } = JSON.parse(made.stdout) as Report;
    expect([gone, made.status]).toEqual([gone, status]);
    expect(layers[0]?.mirror?.gone).toEqual([{ id: 'acme_0@1.0.0', isKept: gone === 'keep' }]);
    const told = findings.filter(({ code }) => code === 'gone').map(({ level }) => level);
    expect(told).toEqual({ keep: [], refuse: ['error'], drop: ['warning'] }[gone]);
    if (gone === 'drop') expect(filesOf('two/all')).toEqual(filesOf('one/all'));
    else expect(filesOf('two/all')).toEqual(before);
  }
});
