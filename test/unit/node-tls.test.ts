import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { Agent, get } from 'node:https';
import type { Server as TlsServer } from 'node:https';
import { connect as connectPlain } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readCertificate, renewCertificate } from '../../src/commands/serve/certificate.ts';
import { siteServer, stopServer } from '../../src/hosts/node/http.ts';
import type { Limits } from '../../src/hosts/node/http.ts';
import { nodeFolderFiles } from '../../src/hosts/node/node-files.ts';
import { nodeSite } from '../../src/hosts/node/server.ts';
import { makeCertificate } from '../support/certificates.ts';
import { BIG, workshop } from '../support/changing-site.ts';
import { temporaryFolder } from '../support/cli.ts';

/* `serve` over TLS, asked byte by byte: it takes and refuses what it does without. */

const shop = workshop();
const folder = temporaryFolder();
const files = makeCertificate(folder, 'first');
const LIMITS: Limits = {
  maxHeaderSize: 2 ** 20,
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 50,
  idle: 120_000,
};
let site: string;
let server: Server;
let failures: string[] = [];

beforeAll(async () => {
  site = await shop.build('a-site');
});
afterAll(() => shop.remove());
afterEach(() => {
  server.closeAllConnections();
  server.close();
  expect(failures).toEqual([]);
});

async function listen(limits: Partial<Limits> = {}): Promise<void> {
  failures = [];
  const certificate = await readCertificate(files);
  server = siteServer(
    nodeSite(nodeFolderFiles(site), (line) => failures.push(line)),
    { certificate, limits: { ...LIMITS, ...limits } },
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
}

const port = (): number => (server.address() as AddressInfo).port;

async function client(): Promise<Socket> {
  const socket = connect({ port: port(), host: '127.0.0.1', ca: readFileSync(files.cert) });
  await once(socket, 'secureConnect');
  return socket;
}

/** What the server says to some bytes until the connection ends. */
async function say(socket: Socket, ...packets: string[]): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined); // a reset, behind the answer
  const closed = once(socket, 'close');
  for (const packet of packets) {
    await new Promise<void>((done) => socket.write(packet, 'latin1', () => done()));
    await new Promise((done) => setImmediate(() => setImmediate(done)));
  }
  await closed;
  return Buffer.concat(chunks).toString('latin1');
}

const head = (target: string, headers = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
const CLOSE = 'Connection: close\r\n';

describe('over TLS', () => {
  test('requests are answered, also with bytes above 127, in packets, and one after another', async () => {
    await listen();
    expect(await say(await client(), head('/health', CLOSE))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(await say(await client(), head('/search?package=\xff'))).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\[\]$/);
    expect(await say(await client(), ...head('/search?package=\xff'))).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\[\]$/);
    const both = await say(await client(), head('/health') + head('/search?package=none', CLOSE));
    expect(both.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(await say(await client(), 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('a head that comes slowly is refused, and a handshake that never comes ends', async () => {
    await listen({ headersTimeout: 150, requestTimeout: 150 });
    expect(await say(await client(), 'GET / HTTP/1.1\r\nX:')).toMatch(/^HTTP\/1\.1 408 /);
    const silent = connectPlain(port(), '127.0.0.1');
    silent.on('error', () => undefined); // a reset
    await once(silent, 'close');
  });

  test('plain HTTP ends without an answer', async () => {
    await listen();
    expect(await say(connectPlain(port(), '127.0.0.1'), head('/health'))).not.toContain('200');
  });

  test('a server that stops finishes a download, and waits for nobody who says nothing', async () => {
    await listen();
    const [loading, greeted] = [await client(), await client()];
    const silent = connectPlain(port(), '127.0.0.1');
    await once(silent, 'connect');
    for (const socket of [silent, greeted]) socket.on('error', () => undefined); // a reset
    loading.write(head(BIG));
    await once(loading, 'readable');
    const gone = Promise.all([silent, greeted].map((socket) => once(socket.resume(), 'close')));
    const stopped = stopServer(server, 60_000);
    let length = 0;
    for await (const chunk of loading) length += (chunk as Buffer).length;
    await stopped;
    await gone;
    expect(length).toBeGreaterThan(5 * 2 ** 20);
  });
});

test('a certificate is renewed while the server runs, and stays if the new one is broken', async () => {
  await listen();
  const used = { cert: `${folder}/used.crt`, key: `${folder}/used.key` };
  const use = (from: { cert: string; key: string }): void => {
    writeFileSync(used.cert, readFileSync(from.cert));
    writeFileSync(used.key, readFileSync(from.key));
  };
  use(files);
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const end = renewCertificate(server as TlsServer, used, log);
  expect(await nameNow()).toBe('first');
  writeFileSync(used.cert, 'none');
  while (lines.length === 0) await new Promise((done) => setTimeout(done, 10));
  expect(lines[0]).toMatch(/^the certificate stays as it was: .*used\.crt and .*used\.key can't be used/);
  expect(await nameNow()).toBe('first');
  use(makeCertificate(folder, 'second'));
  while ((await nameNow()) !== 'second') await new Promise((done) => setTimeout(done, 10));
  await end();
});

async function nameNow(): Promise<string> {
  const socket = connect({ port: port(), host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const name = String(socket.getPeerCertificate().subject.CN);
  socket.destroy();
  return name;
}

test('a connection stays open between two requests, and no header says for how long', async () => {
  await listen();
  const agent = new Agent({ keepAlive: true, ca: readFileSync(files.cert) });
  const ask = async (): Promise<[reused: boolean, keepAlive: unknown]> => {
    const request = get({ port: port(), host: 'localhost', path: '/health', agent });
    const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream & { headers: object }];
    await once(response.resume(), 'end');
    return [request.reusedSocket, (response.headers as Record<string, unknown>)['keep-alive']];
  };
  expect(await ask()).toEqual([false, undefined]);
  expect(await ask()).toEqual([true, undefined]);
  agent.destroy();
});
