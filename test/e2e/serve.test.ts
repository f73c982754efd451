import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { get as getSecurely } from 'node:https';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { run, shippedContent, start, startServer, temporaryFolder } from '../support/cli.ts';
import type { Run } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';

/* `epr-static serve` over built sites, asked over HTTP with paths exactly as written. */

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

async function ask(url: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString('utf8') });
      });
    });
    asked.on('error', reject).end();
  });
}

type Server = Awaited<ReturnType<typeof startServer>>;

const ids = ({ text }: Reply): string[] =>
  (JSON.parse(text) as { name: string; version: string }[]).map(({ name, version }) => `${name}@${version}`);

describe('the sample', () => {
  const cwd = temporaryFolder();
  const site = join(cwd, 'dist/staging');
  let server: Server;
  const get = async (path: string, headers?: Record<string, string>, method?: string): Promise<Reply> =>
    await ask(server.url, path, headers, method);

  beforeAll(async () => {
    cpSync(shippedContent, join(cwd, 'content'), { recursive: true });
    const signature = join(cwd, 'content/storage/production/packages/cron_watch/1.1.0.sig');
    writeFileSync(signature, '-----BEGIN PGP SIGNATURE-----\n');
    const built = await run(['build', '--dist', 'staging'], { cwd });
    expect(built.status).toBe(0);
    server = await startServer(['--dist', 'staging'], { cwd });
  });
  afterAll(async () => await server.stop());

  test('it says where it is, and the line for kibana.yml', () => {
    expect(server.url).toMatch(/^http:\/\/localhost:[1-9]\d*$/);
    expect(server.greeting).toContain(`Serving ${site} at ${server.url}\n`);
    expect(server.greeting).toContain(`\n  xpack.fleet.registryUrl: ${server.url}\n`);
  });

  test('search', async () => {
    const newest = await get('/search?kibana.version=8.15.0');
    expect(newest).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(newest.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'cache-control': 'max-age=600, public',
    });
    expect(newest.headers['content-length']).toBe(String(newest.body.length));
    expect(ids(newest)).toContain('mailbox_server@1.3.0');
    expect(ids(await get('/search?package=edge_gateway&all=true'))).toEqual(
      ['1.0.0', '1.4.0', '2.0.0', '2.1.0', '3.0.0'].map((version) => `edge_gateway@${version}`),
    );
    expect(ids(await get('/search?package=greenhouse_sensors&prerelease=1'))).toEqual([
      'greenhouse_sensors@0.9.0-beta1',
    ]);
    expect(await get('/search?package=nothing')).toMatchObject({ status: 200, text: '[]' });
    const uncommon = await get('/search?discovery=fields:none&spec.min=2.1'); // which no build precomputes
    expect(uncommon).toMatchObject({ status: 200, headers: { 'cache-control': 'max-age=600, public' } });
    expect(await get('/search?kibana.version=x')).toMatchObject({
      status: 400,
      text: "invalid Kibana version 'x': invalid semantic version\n",
      headers: { 'cache-control': 'max-age=0, private, no-store', 'x-content-type-options': 'nosniff' },
    });
  });

  test('categories', async () => {
    const categories = await get('/categories');
    expect(categories.headers['content-type']).toBe('application/json');
    const found = JSON.parse(categories.text) as { id: string; count: number }[];
    expect(found.map(({ id }) => id)).toEqual(found.map(({ id }) => id).sort());
    expect(found).toContainEqual({
      id: 'email_security',
      title: 'Email',
      count: 2,
      parent_id: 'security',
      parent_title: 'Security',
    });
    for (const { id, count } of found) {
      const matching = ids(await get(`/search?category=${id}`)); // also those of its sub-categories and policy templates
      expect(matching.length).toBeGreaterThanOrEqual(count);
    }
    expect(await get('/categories?kibana.version=1.0.0')).toMatchObject({ status: 200, text: '[]\n' });
  });

  test('what a package has', async () => {
    const index = await get('/package/cron_watch/1.1.0/');
    expect(index).toMatchObject({ status: 200, headers: { 'cache-control': 'max-age=10, public' } });
    const description = JSON.parse(index.text) as { assets: string[]; download: string; signature_path: string };
    for (const asset of description.assets) {
      const own = join(cwd, 'content/storage/production/packages', asset.replace('/package/', ''));
      expect((await get(asset)).body).toEqual(readFileSync(own));
    }
    const zip = await get(description.download);
    expect(zip).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/zip', 'accept-ranges': 'bytes' },
    });
    expect(zip.body.subarray(0, 4)).toEqual(Buffer.from('PK\u0003\u0004'));
    expect((await get(description.signature_path)).text).toBe('-----BEGIN PGP SIGNATURE-----\n');
    expect(await get('/package/cron_watch/1.1.0/docs/README.md')).toMatchObject({
      headers: { 'content-type': 'text/markdown; charset=utf-8', 'cache-control': 'max-age=600, public' },
    });
  });

  test('the rest of the routes', async () => {
    const home = '{\n  "service.name": "package-registry",\n  "service.version": "1.40.1"\n}\n';
    const headers = { 'cache-control': 'max-age=10, public' };
    expect(await get('/')).toMatchObject({ status: 200, text: home, headers });
    expect(await get('/index.json')).toMatchObject({ status: 200, text: home });
    expect(await get('/health')).toMatchObject({ status: 200, text: '' });
    expect(await get('/_registry/release.json')).toMatchObject({
      status: 200,
      text: expect.stringContaining('"staging"'),
    });
    expect(await get('/search/?all=1')).toMatchObject({ status: 301, headers: { location: '/search?all=1' } });
    expect(await get('/a/../search')).toMatchObject({ status: 301, headers: { location: '/search' } });
  });

  test.each([
    ['/nothing', 404, '404 page not found'],
    ['/_registry/index.json', 404, '404 page not found'],
    ['/_registry/manifest/0.ndjson', 404, '404 page not found'],
    ['/package/nothing/1.0.0/', 404, 'package revision not found'],
    ['/package/cron_watch/9.9.9/manifest.yml', 404, 'package revision not found'],
    ['/package/cron_watch/1.1.0/no/such', 404, 'resource not found'],
    ['/package/cron_watch/1.1.0/docs', 404, 'resource not found'],
    ['/package/cron_watch/one/', 400, 'invalid package version'],
    ['/epr/nothing/nothing-1.0.0.zip', 404, 'artifact not found'],
    ['/epr/cron_watch/cron_watch-1.0.0.zip.sig', 404, 'signature file not found'],
    ['/%zz', 400, 'invalid escape in the path'],
    ['/package/cron_watch/1.1.0/%2e%2e%2f%2e%2e%2f%2e%2e%2f_registry/index.json', 301, ''],
    ['/package/cron_watch/1.1.0/..%5c..%5cfavicon.ico', 404, 'resource not found'],
    ['/package/cron_watch/1.1.0/docs%00', 404, 'resource not found'],
  ])('%s is %d %s', async (path, status, line) => {
    expect(await get(path)).toMatchObject({ status, text: line === '' ? '' : `${line}\n` });
  });

  test('ranges, conditions and methods', async () => {
    const file = '/package/cron_watch/1.1.0/manifest.yml';
    const whole = await get(file);
    const size = whole.body.length;
    const tag = String(whole.headers.etag);
    const part = await get(file, { range: 'bytes=2-5' });
    expect(part).toMatchObject({
      status: 206,
      headers: { 'content-range': `bytes 2-5/${size}`, 'content-length': '4' },
    });
    expect(part.body).toEqual(whole.body.subarray(2, 6));
    expect((await get(file, { range: 'bytes=-3' })).body).toEqual(whole.body.subarray(-3));
    expect((await get(file, { range: 'bytes=2-5', 'if-range': '"other"' })).body).toEqual(whole.body);
    expect(await get(file, { range: 'bytes=999999-' })).toMatchObject({
      status: 416,
      text: 'invalid range: failed to overlap\n',
      headers: { 'content-range': `bytes */${size}` },
    });
    for (const path of [
      file,
      '/',
      '/search?all=1',
      '/categories',
      '/package/cron_watch/1.1.0/',
      '/epr/cron_watch/cron_watch-1.1.0.zip',
    ]) {
      const got = await get(path);
      const head = await get(path, {}, 'HEAD');
      expect(head.body).toHaveLength(0);
      expect({ ...head.headers, date: 0 }).toEqual({ ...got.headers, date: 0 });
      const again = await get(path, { 'if-none-match': String(got.headers.etag) });
      expect([path, again.status, again.text]).toEqual([path, 304, '']);
    }
    expect(await get(file, { 'if-none-match': `W/${tag}, "x"` })).toMatchObject({ status: 304 });
    expect(await get(file, {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } });
    expect(await get(file, {}, 'OPTIONS')).toMatchObject({ status: 204 });
  });

  test('a port that is taken', async () => {
    const { port } = new URL(server.url);
    const failed = await run(['serve', '--dist', 'staging', '--port', port], { cwd });
    expect(failed).toMatchObject({ status: 2, stdout: '' });
    expect(failed.stderr).toMatch(new RegExp(`port ${port} on localhost is taken[^]*--port`));
  });

  test.each([
    [['--dist', 'production'], /dist\/production holds no site[^]*build.*--dist production/],
    [['--dir', 'content'], /content holds no site[^]*build/],
    [[], /no site was named[^]*--dist NAME, or --dir FOLDER/],
  ])('no site: %j', async (args, message) => {
    const failed = await run(['serve', '--port', '0', ...args], { cwd });
    expect(failed).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(message) });
  });

  test('it takes the environment of a registry, and an option counts more', async () => {
    const { cert, key } = makeCertificate(cwd, 'localhost');
    const env = { EPR_ADDRESS: '127.0.0.1:1', EPR_TLS_CERT: cert, EPR_TLS_KEY: key };
    const secure = await startServer(['--dir', site], { cwd, env }); // with --port 0
    expect(secure.url).toMatch(/^https:\/\/127\.0\.0\.1:\d{2,}$/);
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      getSecurely(`${secure.url}/search?package=cron_watch`, { ca: readFileSync(cert), agent: false }, resolve).on(
        'error',
        reject,
      );
    });
    expect(JSON.parse(Buffer.concat(await reply.toArray()).toString('utf8'))).toHaveLength(1);
    await secure.stop();
  });

  test('a certificate that can not be used, and an address that is none', async () => {
    const { cert, key } = makeCertificate(cwd, 'localhost');
    const other = makeCertificate(cwd, 'other');
    for (const [args, message] of [
      [['--tls-cert', cert], /a certificate was named alone[^]*--tls-key/],
      [['--tls-key', key], /a key was named alone[^]*--tls-cert/],
      [['--tls-cert', cert, '--tls-key', 'none'], /none can't be read: ENOENT/],
      [['--tls-cert', cert, '--tls-key', other.key], /localhost\.crt and .*other\.key can't be used: /],
    ] as const) {
      const failed = await run(['serve', '--dir', site, '--port', '0', ...args], { cwd });
      expect(failed).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(message) });
      expect(failed.stderr).toContain('[bad-certificate]');
    }
    const failed = await run(['serve', '--dir', site], { cwd, env: { EPR_ADDRESS: 'here' } });
    expect(failed).toMatchObject({ status: 2, stderr: expect.stringContaining('EPR_ADDRESS') });
    expect(failed.stderr).toContain('such as 0.0.0.0:8080');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it, and that is no failure', async (signal) => {
    const { child, finished } = start(['serve', '--dir', site, '--port', '0'], { cwd });
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill(signal);
    expect(await finished).toMatchObject({ status: 0, stderr: '' });
  });

  test('--log prints a line for each request, failures go elsewhere', async () => {
    const { child, finished } = start(['serve', '--dir', site, '--port', '0', '--log'], { cwd });
    const { url } = await listening(child);
    const place = join(site, 'package/cron_watch/1.1.0/manifest.yml');
    const manifest = readFileSync(place);
    writeFileSync(place, 'altered');
    expect((await ask(url, '/package/cron_watch/1.1.0/manifest.yml?"')).status).toBe(503);
    writeFileSync(place, manifest);
    expect((await ask(url, '/health', { 'user-agent': 'Kibana/8.0.0' })).status).toBe(200);
    child.kill('SIGTERM');
    const { stdout, stderr } = await finished;
    const lines = stdout.split('\n').filter((line) => line.includes('HTTP/1.1'));
    expect(lines).toEqual([
      expect.stringMatching(
        /"GET \/package\/cron_watch\/1\.1\.0\/manifest\.yml\?\\x22 HTTP\/1\.1" 503 40 "-" "-" [\d.]+$/,
      ),
      expect.stringMatching(/"GET \/health HTTP\/1\.1" 200 0 "-" "Kibana\/8\.0\.0" [\d.]+$/),
    ]);
    expect(stderr).toMatch(/^[^\n]*package\/cron_watch\/1\.1\.0\/manifest\.yml can't be read: it has 7 bytes[^\n]*\n$/);
  });
});

describe('a download while the server ends', () => {
  const cwd = temporaryFolder();
  const large = Buffer.alloc(32 * 2 ** 20, 'x');
  beforeAll(async () => {
    writeFiles(cwd, { 'content/distributions.yml': distributions('storage', ['one']) });
    writeFiles(join(cwd, 'content/storage/one'), under('packages', packageFiles('acme', '1.0.0', { 'docs/x': large })));
    expect(await run(['build', '--dist', 'all'], { cwd })).toMatchObject({ status: 0 });
  });

  /** Starts a server, and a download that waits for its reader. */
  const download = async (): Promise<{ child: ChildProcess; finished: Promise<Run>; reply: IncomingMessage }> => {
    const { child, finished } = start(['serve', '--dir', 'dist/all', '--port', '0'], { cwd });
    const { url } = await listening(child);
    const asked = request(new URL('/package/acme/1.0.0/docs/x', url), { agent: false }).end();
    const [reply] = (await once(asked, 'response')) as [IncomingMessage];
    return { child, finished, reply };
  };

  test('is finished', async () => {
    const { child, finished, reply } = await download();
    child.kill('SIGTERM');
    await refused(reply);
    expect(Buffer.concat(await reply.toArray()).equals(large)).toBe(true);
    expect(await finished).toMatchObject({ status: 0, stderr: '' });
  });

  test('is broken off by a second signal', async () => {
    const { child, finished, reply } = await download();
    reply.on('error', () => undefined); // that it is broken off
    child.kill('SIGINT');
    await refused(reply);
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ status: 130, stderr: '' });
  });
});

/** Waits until a server that is ending takes no connection any more. */
async function refused({ socket }: IncomingMessage): Promise<void> {
  const port = Number(socket.remotePort);
  for (;;) {
    const isOpen = await new Promise((done) => {
      const tried = connect(port, socket.remoteAddress)
        .on('connect', () => done(true))
        .on('error', () => done(false));
      tried.on('connect', () => tried.destroy());
    });
    if (!isOpen) return;
  }
}

/** Where a server says that it listens. */
async function listening(child: ChildProcess): Promise<{ url: string }> {
  let greeting = '';
  for (;;) {
    const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    greeting += String(chunk);
    const url = / at (http:\S+)/.exec(greeting)?.[1];
    if (url !== undefined) return { url };
  }
}

describe('a site that changes under the server', () => {
  const cwd = temporaryFolder();
  const site = join(cwd, 'dist/all');
  const registry = join(site, '_registry');
  let server: Server;
  let version = 1;

  /** Builds with one version more than before. */
  const build = async (): Promise<void> => {
    writeFiles(join(cwd, 'content/storage/one'), under('packages', packageFiles('acme', `${version++}.0.0`)));
    expect(await run(['build', '--dist', 'all'], { cwd })).toMatchObject({ status: 0 });
  };
  /** What a search gives once it is what is expected, at the latest after two seconds. */
  const searchUntil = async (isExpected: (reply: Reply) => boolean): Promise<Reply> => {
    for (const end = Date.now() + 2000; ; await pause(50)) {
      const reply = await ask(server.url, '/search?all=true');
      if (isExpected(reply) || Date.now() > end) return reply;
    }
  };

  beforeAll(async () => {
    writeFiles(cwd, { 'content/distributions.yml': distributions('storage', ['one']) });
    await build();
    server = await startServer(['--dir', 'dist/all'], { cwd });
  });
  afterAll(async () => await server.stop());

  test('a rebuilt one is picked up', async () => {
    expect(ids(await searchUntil(({ status }) => status === 200))).toEqual(['acme@1.0.0']);
    await build();
    const both = ['acme@1.0.0', 'acme@2.0.0'];
    expect(ids(await searchUntil((reply) => ids(reply).length === 2))).toEqual(both);
  });

  const file = (start: string): string =>
    join(registry, readdirSync(registry).find((name) => name.startsWith(start)) ?? '');
  const damages: [string, () => void][] = [
    ['rows are cut off', () => truncateSync(file('rows-'), 100)],
    ['columns are cut off', () => truncateSync(file('columns-'), 100)],
    ['rows are missing', () => rmSync(file('rows-'))],
    ['columns are not columns', () => writeFileSync(file('columns-'), '{}')],
    ['the index is missing', () => rmSync(file('index.json'))],
    [
      'rows are of another build',
      () => {
        const rows = readFileSync(file('rows-'), 'latin1');
        writeFileSync(file('rows-'), (rows.startsWith('0') ? '1' : '0') + rows.slice(1), 'latin1');
      },
    ],
  ];
  test.each(damages)('where %s the answer is 503, never an empty list; a new build mends it', async (_, damage) => {
    damage();
    if (existsSync(join(registry, 'index.json'))) {
      const index = readFileSync(join(registry, 'index.json'));
      rmSync(join(registry, 'index.json'));
      writeFileSync(join(registry, 'index.json'), index); // as a deployment that goes wrong would
    }
    const reply = await searchUntil(({ status }) => status !== 200);
    expect(reply).toMatchObject({ status: 503, headers: { 'cache-control': expect.stringContaining('no-store') } });
    expect(reply.text).not.toContain('[');
    expect((await ask(server.url, '/categories')).status).toBe(503);
    expect((await ask(server.url, '/health')).status).toBe(200);
    await build();
    expect((await searchUntil(({ status }) => status === 200)).status).toBe(200);
  });

  test('a zip that is missing in the tree is a 404, and not cached', async () => {
    await build();
    rmSync(join(site, 'epr/acme/acme-1.0.0.zip'));
    const reply = await ask(server.url, '/epr/acme/acme-1.0.0.zip');
    expect(reply).toMatchObject({ status: 404, text: 'artifact not found\n' });
    expect(reply.headers['cache-control']).toContain('no-store');
  });

  test('the favicon is there though the config has none', async () => {
    const reply = await ask(server.url, '/favicon.ico');
    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'image/x-icon' } });
    expect(reply.body).toEqual(readFileSync(join(shippedContent, 'static/favicon.ico')));
  });

  test('files of any name', async () => {
    const names = ['a b#c?d%e.txt', '[x]{y}', 'quo"te\'', '日本語.txt', '-rf', '__proto__', 'back\\slash', '.dot'];
    const files = Object.fromEntries([...names, 'new\nline'].map((name) => [`docs/${name}`, `this is ${name}`]));
    writeFiles(join(cwd, 'content/storage/one'), under('packages', packageFiles('odd', '1.0.0', files)));
    await build();
    await searchUntil((reply) => reply.text.includes('"odd"'));
    for (const name of names) {
      const reply = await ask(server.url, `/package/odd/1.0.0/docs/${encodeURIComponent(name)}`);
      // The registry lists a file with a line break in its name, and finds it by no path (docs/contract.md section 9).
      const expected = name.includes('\n') ? [404, '404 page not found\n'] : [200, `this is ${name}`];
      expect([name, reply.status, reply.text]).toEqual([name, ...expected]);
    }
    const withBreak = await ask(server.url, `/package/odd/1.0.0/docs/${encodeURIComponent('new\nline')}`);
    expect(withBreak).toMatchObject({ status: 404, text: '404 page not found\n' });
  });
});
