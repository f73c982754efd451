import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { siteServer, stopServer } from '../../src/hosts/node/http.ts';
import type { Limits } from '../../src/hosts/node/http.ts';
import { headIn } from '../../src/hosts/node/raw-head.ts';
import { nodeFolderFiles } from '../../src/hosts/node/node-files.ts';
import { nodeSite } from '../../src/hosts/node/server.ts';
import type { NodeSite } from '../../src/hosts/node/server.ts';
import { BIG, README, workshop, ZIP } from '../support/changing-site.ts';

/* `serve` under clients that browsers are not, asked byte by byte. */

const shop = workshop();
const LIMITS: Limits = {
  maxHeaderSize: 2 ** 20,
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 50,
  idle: 120_000,
};
let folder: string;
let site: NodeSite;
let server: Server;
let access: string[];
let failures: string[];

beforeAll(async () => {
  folder = await shop.build('a-site');
});
afterAll(() => shop.remove());
beforeEach(() => {
  access = [];
  failures = [];
  site = nodeSite(nodeFolderFiles(folder), (line) => failures.push(line));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  expect(failures).toEqual([]);
});

async function listen(limits: Partial<Limits> = {}, handled: NodeSite = site): Promise<void> {
  server = siteServer(handled, { limits: { ...LIMITS, ...limits }, access: (line) => access.push(line) });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
}

function client(): Socket {
  return connect((server.address() as AddressInfo).port, '127.0.0.1');
}

/** What the server says to some bytes until it, or the client, ends the connection. */
async function say(...parts: (string | Buffer)[]): Promise<string> {
  const socket = client();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined); // a reset, behind the answer
  for (const part of parts) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** The same, a packet each. */
async function sayInPackets(...packets: string[]): Promise<string> {
  const socket = client().setNoDelay();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined); // a reset, behind the answer
  const closed = once(socket, 'close');
  for (const packet of packets) {
    if (socket.destroyed) break;
    await Promise.race([new Promise<void>((done) => socket.write(packet, 'latin1', () => done())), closed]);
    await new Promise((done) => setImmediate(() => setImmediate(done))); // until the server has read it
  }
  await closed;
  return Buffer.concat(chunks).toString('latin1');
}

async function logged(count: number): Promise<void> {
  while (access.length < count) await new Promise((done) => setImmediate(done));
}

const head = (target: string, headers = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
const CLOSE = 'Connection: close\r\n';

describe('bytes above 127 in a target', () => {
  test.each([
    ['/search?package=\xff', /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\[\]$/],
    ['/search?prerelease=\xff', /^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\ninvalid 'prerelease' query param: '\xff'\n$/],
    ['/package/acme/1.0.0/\xe9', /^HTTP\/1\.1 404 Not Found\r\n[^]*\r\nresource not found\n$/],
    ['//\xe9', /^HTTP\/1\.1 301 Moved Permanently\r\n[^]*Location: \/%E9\r\n/],
    ['http://a/search?package=\xe9', /^HTTP\/1\.1 200 OK\r\n/],
  ])('%j', async (target, expected) => {
    await listen();
    expect(await say(head(target))).toMatch(expected);
    await logged(1);
    expect(access).toHaveLength(1);
  });

  test('with headers, after another request, and as HEAD', async () => {
    await listen();
    expect(await say(head(`${README}?\xe9`, 'Range: bytes=0-0\r\nX: \xe9\r\n'))).toMatch(/^HTTP\/1\.1 206 [^]*\r\n#$/);
    const second = await say(head(`${README}`), head('/search?package=\xe9'));
    expect(second.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    expect(await say(head('/search?package=\xe9').replace('GET', 'HEAD'))).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/,
    );
  });

  test('in packets that end at any byte, also behind another request', async () => {
    await listen();
    const [first, raw] = [head(README), head('/search?package=\xe9', 'X: \xe9\r\n')];
    for (let at = 1; at < raw.length; at++) {
      const alone = await sayInPackets(raw.slice(0, at), raw.slice(at));
      expect(alone, `a packet ends at ${at}`).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\[\]$/);
      const behind = await sayInPackets(first + raw.slice(0, at), raw.slice(at));
      expect(behind.match(/HTTP\/1\.1 \d+/g), `a packet ends at ${at}`).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    }
    expect(await sayInPackets(...raw)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\[\]$/);
    expect(await sayInPackets(...raw.replace('GET', 'G\x01T'))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('whose head never ends is refused in time', async () => {
    await listen({ headersTimeout: 200, requestTimeout: 200 });
    expect(await sayInPackets('GET /\xe9 HTTP/1.1\r\nX', ': y')).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('whose head is larger than any may be is refused', async () => {
    await listen({ maxHeaderSize: 2 ** 16 });
    const parts = Array.from({ length: 20 }, () => 'x'.repeat(2 ** 13));
    expect(await sayInPackets('GET /\xe9 HTTP/1.1\r\nX: ', ...parts)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  test.each([
    ['a space', head('/search?\xe9 x')],
    ['a control character', head('/search?\xe9\x01')],
    ['no HTTP', 'GET /\xe9\r\n\r\n'],
    ['a header that is none', head('/\xe9', 'x\r\n')],
    ['no path', head('\xe9')],
  ])('%s is refused', async (_, request) => {
    await listen();
    expect(await say(request)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });
});

describe('methods that Node does not know', () => {
  const NOT_ALLOWED = /^HTTP\/1\.1 405 [^]*Allow: GET, HEAD, OPTIONS\r\n[^]*\r\nmethod not allowed\n$/;
  test.each(['get', 'Get', 'FOO', 'GETT', 'X-Y!', 'G'])('%s is not allowed', async (method) => {
    const asked = head('/search').replace('GET', method);
    await listen();
    expect(await say(asked)).toMatch(NOT_ALLOWED);
    expect(await sayInPackets(...asked)).toMatch(NOT_ALLOWED);
    expect(await say(head(README) + asked)).toMatch(/^HTTP\/1\.1 200 [^]*HTTP\/1\.1 405 /);
  });

  test('what can not become a request, such as TLS, is refused at once', async () => {
    await listen({ headersTimeout: 2000, requestTimeout: 2000 });
    const hello = Buffer.from('16030100c8010000c40303', 'hex');
    for (const bytes of [hello, '\x01', ' GET /', 'F(O', '{"a":']) expect(await say(bytes)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('CONNECT is not allowed, either', async () => {
    await listen();
    const connecting = 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n';
    expect(await say(connecting)).toMatch(NOT_ALLOWED);
    await logged(1);
    await say(head(BIG) + connecting); // the connection ends
  });

  test('a client that goes away while its CONNECT is answered ends its own connection alone', async () => {
    let socket: Socket | undefined;
    let closed: Promise<unknown> | undefined;
    const handle = async ({ socket: own }: IncomingMessage, response: ServerResponse): Promise<number> => {
      closed = new Promise((done) => own.once('close', done));
      socket?.resetAndDestroy();
      for (; !own.destroyed; await new Promise((done) => setImmediate(done))) response.write('x');
      return 0;
    };
    await listen({}, { handle });
    socket = client();
    socket.write('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'close');
    await closed;
  });

  test('a client that keeps its end of a CONNECT open does not keep the server from stopping', async () => {
    await listen();
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined); // a reset, behind the answer
    socket.write('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket.resume(), 'end');
    await stopServer(server, 50);
    socket.destroy();
  });

  test.each([' / HTTP/1.1', 'G T / HTTP/1.1', 'G(T / HTTP/1.1', 'FOO search HTTP/1.1', 'FOO /search'])(
    '%j is refused',
    async (line) => {
      await listen();
      expect(await say(`${line}\r\nHost: a\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
    },
  );
});

test('a head is found in a packet', () => {
  const packet = Buffer.from(`${head('/a')}GET /\xe9 HTTP/1.0\r\nA:  b \r\nX-Y: c\r\na: d\r\n\r\nGET /`, 'latin1');
  const found = headIn(packet, packet.indexOf('\xe9', 0, 'latin1'));
  expect(found).toEqual({ method: 'GET', url: '/\xe9', headers: { a: 'b, d', 'x-y': 'c' } });
  expect(headIn(Buffer.from('GET /\xe9 HTTP/1.1\r\nA: b\r\n', 'latin1'), 5)).toBe('incomplete');
});

describe('limits', () => {
  test('a head of a megabyte is too much, one of 900 kB is not', async () => {
    await listen();
    expect(await say(head('/health', `${CLOSE}X: ${'x'.repeat(900_000)}\r\n`))).toMatch(/^HTTP\/1\.1 200 /);
    expect(await say(head(`/search?${'x'.repeat(900_000)}`, CLOSE))).toMatch(/^HTTP\/1\.1 200 /);
    expect(await say(head('/health', `X: ${'x'.repeat(1_100_000)}\r\n`))).toMatch(/^HTTP\/1\.1 431 /);
    expect(await say(head(`/${'x'.repeat(1_100_000)}`))).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('a head that comes slowly, and a connection without one', async () => {
    await listen({ headersTimeout: 100, requestTimeout: 100 });
    expect(await say('GET / HTTP/1.1\r\nX:')).toMatch(/^HTTP\/1\.1 408 /);
    expect(await say()).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  test('a body that never comes', async () => {
    await listen({ requestTimeout: 100, headersTimeout: 100 });
    const reply = await say('POST /search HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n');
    expect(reply).toMatch(/^HTTP\/1\.1 405 /);
  });

  test('a client that reads nothing', async () => {
    await listen({ idle: 200 });
    const socket = client();
    socket.pause();
    socket.write(head(BIG).repeat(20));
    const ended = new Promise((done) => server.on('timeout', (one: Socket) => done(one.destroy())));
    await ended;
    socket.destroy();
  });

  test('a hundred thousand ranges get the whole file once', async () => {
    await listen();
    const ranges = Array.from({ length: 100_000 }, (_, i) => `${i % 9}-`).join();
    expect(await say(head(README, `${CLOSE}Range: bytes=${ranges}\r\n`))).toMatch(
      /^HTTP\/1\.1 200 [^]*\r\n\r\n# a-site\n$/,
    );
    expect(await say(head(README, `${CLOSE}Range: bytes=${ranges},x\r\n`))).toMatch(/^HTTP\/1\.1 416 /);
  });
});

test('requests in one packet are answered in order, each when the one before is sent', async () => {
  let [running, most] = [0, 0];
  await listen(
    {},
    {
      handle: async (request, response) => {
        most = Math.max(most, ++running);
        response.prependListener('finish', () => running--);
        return await site.handle(request, response);
      },
    },
  );
  const targets = Array.from({ length: 300 }, (_, i) => `/search?kibana.version=${i}`);
  const reply = await say(targets.map((target) => head(target)).join(''), head('/search?prerelease=x', CLOSE));
  expect(reply.match(/HTTP\/1\.1 200/g)).toHaveLength(300);
  expect(reply).toMatch(/invalid 'prerelease' query param: 'x'\n$/);
  expect(most).toBe(1);
});

describe('the access log', () => {
  test('has a line for each request', async () => {
    await listen();
    const size = (await say(head(ZIP, `${CLOSE}User-Agent: Kibana/8.0.0\r\nReferer: http://a/\r\n`))).split(
      '\r\n\r\n',
      1,
    )[0];
    const length = /content-length: (\d+)/i.exec(size ?? '')?.[1];
    const start = String.raw`^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] `;
    await logged(1);
    expect(access[0]).toMatch(
      new RegExp(`${start}"GET ${ZIP} HTTP/1\\.1" 200 ${length} "http://a/" "Kibana/8\\.0\\.0" [\\d.]+$`),
    );
    await say(head(BIG, `${CLOSE}Range: bytes=1-1000\r\n`));
    await logged(2);
    expect(access[1]).toMatch(/" 206 1000 "-" "-" /);
    await say(head(README, CLOSE).replace('GET', 'HEAD'));
    await logged(3);
    expect(access[2]).toMatch(/"HEAD [^ ]+ HTTP\/1\.1" 200 0 /);
    await say('nonsense\r\n\r\n');
    await logged(4);
    expect(access[3]).toMatch(new RegExp(`${start}"-" 400 0 "-" "-" 0\\.0$`));
  });

  test('can not be forged', async () => {
    await listen();
    await say(head('/search?a="%0a\\\xff', `${CLOSE}User-Agent: "\\\t\xe9\r\n`));
    await logged(1);
    expect(access).toEqual([
      expect.stringMatching(/"GET \/search\?a=\\x22%0a\\x5c\\xff HTTP\/1\.1" 200 \d+ "-" "\\x22\\x5c\\x09\\xe9" /),
    ]);
  });

  test('says how much a client got that left', async () => {
    await listen();
    const socket = client();
    socket.write(head(BIG));
    await once(socket, 'data');
    socket.destroy();
    await logged(1);
    expect(access[0]).toMatch(/" 200 \d+ "-"/);
  });
});

describe('a server that stops', () => {
  test('finishes a download', async () => {
    await listen();
    const socket = client();
    socket.write(head(BIG));
    await once(socket, 'readable');
    const stopped = stopServer(server);
    let length = 0;
    for await (const chunk of socket) length += (chunk as Buffer).length;
    await stopped;
    expect(length).toBeGreaterThan(5 * 2 ** 20);
  });

  test('waits for nobody who says nothing, and says that it closes', async () => {
    await listen();
    const taken: Socket[] = [];
    server.on('connection', (socket: Socket) => taken.push(socket));
    const [silent, half] = [client(), client()];
    half.write('GET /health HTTP/1.1\r\n');
    const closed = once(silent.resume(), 'close');
    while (taken.length < 2 || taken.every((socket) => socket.bytesRead === 0))
      await new Promise((done) => setImmediate(done));
    const stopped = stopServer(server, 60_000);
    await closed;
    half.write('Host: a\r\n\r\n');
    expect(String((await once(half, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n/);
    await stopped;
  });

  test('breaks it off in the end', async () => {
    await listen();
    const socket = client();
    socket.on('error', () => undefined); // the end
    socket.write(head(BIG).repeat(20));
    await once(socket, 'readable');
    await stopServer(server, 100);
    socket.destroy();
  });
});
