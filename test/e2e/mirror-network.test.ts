import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder as folderOfAll } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { mirrorApart } from '../support/mirror-run.ts';
import { heldIds, mirror } from '../support/mirroring.ts';
import { LIST, redirect, startUpstream, zipAt } from '../support/upstream.ts';
import type { Upstream } from '../support/upstream.ts';

/* TLS and proxies, as they are set for any program. */

const folder = folderOfAll();
const CA = join(folder, 'cert.pem');
const TRUST = { NODE_EXTRA_CA_CERTS: CA };

beforeAll(() => {
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    join(folder, 'key.pem'),
  ];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', CA, '-days', '2', ...names], { stdio: 'pipe' });
});

/** A registry with one package, with TLS. */
async function startTls(): Promise<Upstream> {
  const upstream = await startUpstream({ tls: { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(CA) } });
  upstream.add('acme', '1.0.0');
  return upstream;
}

/** A proxy that keeps what it is asked for. */
async function startProxy(): Promise<{ readonly host: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url} ${incoming.headers['proxy-authorization']}`);
    const passed = request(incoming.url ?? '', { headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.end();
  });
  server.on('connect', (incoming, socket) => {
    asked.push(`CONNECT ${incoming.url} ${incoming.headers['proxy-authorization']}`);
    const [host = '', port] = (incoming.url ?? '').split(':');
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const one of [target, socket]) one.on('error', () => undefined); // the other side has gone
    socket.on('close', () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('TLS', () => {
  test('a certificate that nobody trusts ends the run at once', async () => {
    const upstream = await startTls();
    const { status, message } = await mirrorApart({ registry: upstream.url, cache: temporaryFolder() });
    expect({ status, message }).toEqual({
      status: 2,
      message: `elastic: ${upstream.url}${LIST} has a TLS certificate or connection that isn't trusted here (DEPTH_ZERO_SELF_SIGNED_CERT); for a CA of your own, set NODE_EXTRA_CA_CERTS to its file`,
    });
    expect(upstream.seen).toEqual([]);
  });

  test('NODE_EXTRA_CA_CERTS names who is trusted; redirects never leave TLS', async () => {
    const plain = await startUpstream();
    const upstream = await startTls();
    upstream.add('to_http', '1.0.0');
    upstream.always(zipAt('to_http', '1.0.0'), redirect(`${plain.url}/there`));
    const { mirrored } = await mirrorApart({ registry: upstream.url, cache: temporaryFolder() }, TRUST);
    expect(mirrored?.held.map(({ listed }) => listed.id)).toEqual(['acme@1.0.0']);
    expect(mirrored?.findings.map(({ text }) => text)).toEqual(['redirects from https to http']);
    expect(plain.seen).toEqual([]);
  });

  test('a server without TLS is no https', async () => {
    const upstream = await startUpstream();
    const stop = await mirror(upstream.url.replace('http:', 'https:'), temporaryFolder()).catch(
      (error: unknown) => error,
    );
    expect(stop).toMatchObject({
      code: 'no-registry',
      message: expect.stringContaining('TLS certificate or connection'),
    });
  });
});

describe('a proxy', () => {
  const login = `Basic ${btoa('me:secret')}`;

  test('of HTTPS_PROXY passes TLS through', async () => {
    const [upstream, proxy] = [await startTls(), await startProxy()];
    const env = { ...TRUST, HTTPS_PROXY: `http://me:secret@${proxy.host}`, EPR_STATIC_TOKEN_ELASTIC: 'token' };
    const { mirrored, stderr } = await mirrorApart({ registry: upstream.url, cache: temporaryFolder() }, env);
    expect({ held: mirrored?.held.length, stderr }).toEqual({ held: 1, stderr: '' });
    const target = `CONNECT ${upstream.url.slice('https://'.length)} ${login}`;
    expect([...new Set(proxy.asked)]).toEqual([target]);
    expect(upstream.seen.map(({ headers }) => [headers.authorization, headers['proxy-authorization']])).toEqual(
      Array.from({ length: 2 }, () => ['Bearer token', undefined]),
    );
  });

  test('of HTTP_PROXY is asked for whole URLs', async () => {
    const [upstream, proxy] = [await startUpstream(), await startProxy()];
    upstream.add('acme', '1.0.0');
    const environment = { NETRC: '/nowhere', HTTP_PROXY: `http://me:secret@${proxy.host}` };
    expect(heldIds(await mirror(upstream.url, temporaryFolder(), { environment }))).toEqual(['acme@1.0.0']);
    expect(proxy.asked).toEqual([LIST, zipAt('acme', '1.0.0')].map((path) => `GET ${upstream.url}${path} ${login}`));
  });

  test.each(['127.0.0.1', '*', 'example.org, 127.0.0.1'])('is left out for NO_PROXY=%s', async (noProxy) => {
    const [upstream, proxy] = [await startUpstream(), await startProxy()];
    const environment = { NETRC: '/nowhere', http_proxy: `http://${proxy.host}`, no_proxy: noProxy };
    await mirror(upstream.url, temporaryFolder(), { environment });
    expect({ proxy: proxy.asked, upstream: upstream.paths() }).toEqual({ proxy: [], upstream: [LIST] });
  });

  test.each([
    ['nonsense', '//me:secret@', { code: 'bad-registry', message: 'HTTP_PROXY or HTTPS_PROXY is no URL of a proxy' }],
    ['away', 'http://me:secret@127.0.0.1:1', { code: 'no-registry' }],
  ])('that is %s ends the run, and its password is not told', async (_, proxy, expected) => {
    const environment = { NETRC: '/nowhere', HTTP_PROXY: proxy };
    const stop = await mirror('http://127.0.0.1:2', temporaryFolder(), { environment }).catch(
      (error: unknown) => error,
    );
    expect(stop).toMatchObject(expected);
    expect(String(stop)).not.toMatch(/secret|bWU6c2VjcmV0/);
  });

  test('that refuses is told', async () => {
    const refusing = createServer().on('connect', (_, socket) => socket.end('HTTP/1.1 407 No\r\n\r\n'));
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void refusing.close());
    const environment = {
      NETRC: '/nowhere',
      HTTPS_PROXY: `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`,
    };
    const stop = await mirror('https://127.0.0.1:2', temporaryFolder(), { environment }).catch(
      (error: unknown) => error,
    );
    expect(stop).toMatchObject({ message: expect.stringContaining("can't be reached through the proxy") });
  });
});
