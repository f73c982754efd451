import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openEncodedList, readEncodedList } from '../../src/tree/encoded.ts';
import { listedFiles } from '../../src/tree/manifest.ts';
import type { RecordedRow, Response } from '../support/compare.ts';
import { askAll, askUnrecorded, buildSite, recordedSets, sharedPath, UNRECORDED } from '../support/contract.ts';
import { coreInMemory, serve } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';
import { freePort } from '../../scripts/bench-servers.ts';
import { copyHosted, generateNginx, hasNginx, startNginx, testNginx } from './nginx-host.ts';
import type { RunningNginx } from './nginx-host.ts';

const isHere = hasNginx();
const here = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const sets = recordedSets(here('recorded/cases'));
const work = mkdtempSync(join(tmpdir(), 'epr-static-nginx-test-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Requests that nginx would rather change or refuse. */
const oddTargets = [
  '//search',
  '/./search',
  '/../search?x=%zz',
  '/../../a/../search',
  '/package/../../../etc/passwd',
  '/%2e%2e/%2e%2e/search',
  '/package/acme_web/1.0.0/docs/../manifest.yml',
  '/package/acme_web/1.0.0/%00',
  '/package/acme_web/1.0.0/a%00b?q',
  '/%',
  '/%zz',
  '/search%',
  '/search%3Fpackage=acme_web',
  '/search?%zz&package=acme_web',
  '/search?package=acme_web#x',
  '/search/?q=1',
  '/search?kibana.version=%ff%fe',
  '/search?prerelease=é',
  '/search/?q=é',
  '//search?q=ÿ',
  '/é/ÿ',
  '//é/%C3%A9',
  '/package/acme_files/1.0.0/img/日本.svg',
  '/package/acme_files/1.0.0/img/a%20b.svg',
  '/package/acme_files/1.0.0/img/h%23.png',
  '/package/acme_files/1.0.0/img/q%3F.png',
  '/package/acme_files/1.0.0/img/100%25.png',
  '/package/acme_files/1.0.0/img/\\..\\a',
  '/a\\..\\b//',
  `/search?q=${'x'.repeat(5000)}`,
  '/search?kibana.version=8.5.0&;&&=&prerelease=true',
];

/** Values of `Range` that nginx's parser may see otherwise than the registry's. */
const oddRanges = [
  'bytes=0-0',
  'bytes=0-',
  'bytes=-1',
  'bytes=-0',
  'bytes=-999999999',
  'bytes= 1 - 2 ',
  'bytes=1-2, ',
  'bytes=,1-2',
  'bytes=1-2,4-5',
  'bytes=1-2,999999999-',
  'bytes=999999999-,1-2',
  'bytes=2-1',
  'bytes=a-b',
  'bytes=0-99999999999999999999',
  'bytes=00000000000000000001-2',
  'bytes=1-2,',
  'Bytes=1-2',
  'bytes',
  'bytes=',
  'items=0-1',
];

describe.skipIf(!isHere)('nginx', () => {
  let site: Awaited<ReturnType<typeof buildSite>>;
  let hostFolder: string;
  let nginx: RunningNginx;
  let node: Running;
  let core: Running;
  beforeAll(async () => {
    site = await buildSite(here('cases'), { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' });
    hostFolder = await generateNginx(site.folder, 'cases', 'all');
    nginx = await startNginx(hostFolder);
    node = await serve.start(site.folder);
    core = await coreInMemory.start(site.folder);
  });
  afterAll(async () => {
    await nginx.stop();
    await node.stop();
    site.remove();
  });

  describe.each(['', 'gzip', 'br'])('answers like the registry over the cases, accepting "%s"', (coding) => {
    test.each([...sets])('%s', async (_, rows) => {
      expect(await askAll(nginx, rows.map(accepting(coding)))).toEqual([]);
      expect(faults(nginx.log())).toEqual([]);
    });
  });

  test('answers requests that no recording holds', async () => {
    expect(await askUnrecorded(nginx, UNRECORDED)).toEqual([]);
    expect(faults(nginx.log())).toEqual([]);
  });

  test.each(oddTargets)('answers %j as the core does', async (target) => {
    for (const method of ['GET', 'HEAD', 'POST'])
      expect(brief(await nginx.ask(method, target, {}))).toEqual(brief(await core.ask(method, target, {})));
  });

  test.each(oddRanges)('answers the range %j as serve does', async (range) => {
    for (const target of ['/epr/acme_web/acme_web-1.0.0.zip', '/package/acme_web/1.0.0/manifest.yml', '/search', '/']) {
      const ask = (running: Running): Promise<Response> => running.ask('GET', target, { Range: range });
      expect([target, await ask(nginx).then(ranged)]).toEqual([target, await ask(node).then(ranged)]);
    }
  });

  test.each(['/search?kibana.version=8.5.0', '/package/acme_web/1.0.0/', '/package/acme_web/1.0.0/manifest.yml'])(
    'compresses %s for those who accept it',
    async (target) => {
      const plain = await nginx.ask('GET', target, {});
      const br = await nginx.ask('GET', target, { 'Accept-Encoding': 'gzip, deflate, br' });
      const gzip = await nginx.ask('GET', target, { 'Accept-Encoding': 'deflate, br;q=0.1, gzip' });
      expect([plain, br, gzip].map(coded)).toEqual([undefined, 'br', 'gzip']);
      expect(brotliDecompressSync(br.body)).toEqual(plain.body);
      expect(gunzipSync(gzip.body)).toEqual(plain.body);
      await areForms(nginx, target, [plain, br, gzip]);
    },
  );

  test('compresses what is composed on its way', async () => {
    const target = '/search?all=true&kibana.version=8.5.0&capabilities=x';
    const plain = await nginx.ask('GET', target, {});
    const gzip = await nginx.ask('GET', target, { 'Accept-Encoding': 'br, gzip' });
    expect([plain, gzip].map(coded)).toEqual([undefined, 'gzip']);
    expect(gunzipSync(gzip.body)).toEqual(plain.body);
    await areForms(nginx, target, [plain, gzip]);
    const unsure = await nginx.ask('GET', target, { 'Accept-Encoding': 'gzip;q=0.5' });
    expect(unsure.headers['etag']).toMatch(/^W\/"/);
  });

  test.each(['gzip;q=0', 'identity', 'deflate', '*', 'br;q=0, gzip;q=0'])(
    'sends %j the file as it is',
    async (accept) => {
      expect(coded(await nginx.ask('GET', '/search', { 'Accept-Encoding': accept }))).toBeUndefined();
    },
  );

  test('never compresses zips, and gives ranges of the file as it is', async () => {
    const accept = { 'Accept-Encoding': 'gzip, br' };
    const zip = await nginx.ask('GET', '/epr/acme_web/acme_web-1.0.0.zip', accept);
    expect([coded(zip), zip.headers['content-length']]).toEqual([undefined, String(zip.body.length)]);
    expect([zip.headers['vary'], zip.headers['accept-ranges']]).toEqual([undefined, 'bytes']);
    const whole = await nginx.ask('GET', '/package/acme_web/1.0.0/manifest.yml', {});
    const part = await nginx.ask('GET', '/package/acme_web/1.0.0/manifest.yml', { ...accept, Range: 'bytes=2-9' });
    expect([part.status, coded(part), part.headers['etag']]).toEqual([206, undefined, whole.headers['etag']]);
    expect(part.body).toEqual(whole.body.subarray(2, 10));
  });

  test('If-Range and If-None-Match', async () => {
    const target = '/package/acme_web/1.0.0/manifest.yml';
    const { headers, body } = await nginx.ask('GET', target, {});
    const tag = headers['etag'] ?? '';
    const statuses = async (more: Record<string, string>): Promise<number> =>
      (await nginx.ask('GET', target, more)).status;
    expect(await statuses({ Range: 'bytes=1-2', 'If-Range': tag })).toBe(206);
    expect(await statuses({ Range: 'bytes=1-2', 'If-Range': '"other"' })).toBe(200);
    expect(await statuses({ Range: 'bytes=1-2', 'If-None-Match': tag })).toBe(304);
    expect(await statuses({ Range: `bytes=${body.length}-`, 'If-None-Match': tag })).toBe(304);
    expect(await statuses({ Range: 'bytes=1-2', 'If-None-Match': '"other"' })).toBe(206);
    expect(await statuses({ 'If-None-Match': `"other", W/${tag}` })).toBe(304);
    expect(await statuses({ 'If-Modified-Since': new Date().toUTCString() })).toBe(200);
    expect(await statuses({ 'Accept-Encoding': 'br', 'If-None-Match': tag })).toBe(200);
  });

  test.each([
    '/package/acme_web/1.0.0/manifest.yml.gz',
    '/package/acme_web/1.0.0/manifest.yml.br',
    '/_registry/encoded/',
    '/_registry/index.json',
    '/.epr-static/whole',
    '/.epr-static/part',
    '/.epr-static/gone',
    '/.epr-static/refused',
  ])('%s leads nowhere', async (target) => {
    const [, file] = /^\/package\/(.*)/.exec(target) ?? [];
    const answered = await nginx.ask('GET', target, { 'Accept-Encoding': 'gzip' });
    expect(brief(answered)).toEqual(brief(await node.ask('GET', target, {})));
    expect(answered.body.toString()).toBe(file ? 'resource not found\n' : '404 page not found\n');
  });

  test('other methods', async () => {
    for (const method of ['OPTIONS', 'POST', 'DELETE', 'PATCH', 'TRACE'])
      expect(brief(await nginx.ask(method, '/search', {}))).toEqual(brief(await node.ask(method, '/search', {})));
  });

  test.each([
    ['GET /search?x y HTTP/1.1', 400],
    ['GET search HTTP/1.1', 400],
    ['CONNECT a:1 HTTP/1.1', 400],
    ['OPTIONS * HTTP/1.1', 400],
    ['GET /health HTTP/1.1', 400], // lacks a Host
    ['GET /health HTTP/1.0', 200],
    ['GET http://other/health HTTP/1.0', 200],
    ['GET /search?q=\x80\xff&prerelease=\xfe HTTP/1.0', 400],
  ])('a request that begins %j is answered with %i', async (line, status) => {
    expect(await rawRequest(nginx.port, line)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test("a client that hangs up while answers are composed for it is nobody's fault", async () => {
    for (const header of ['X: y', 'Accept-Encoding: gzip', 'If-Match: *', 'Range: bytes=1-2,'])
      for (const target of ['/search?all=true&prerelease=true', '/package/acme_web/1.0.0/manifest.yml?x', '/nothing'])
        for (let i = 0; i < 3; i++) await hangUp(nginx.port, target, header);
    expect((await nginx.ask('GET', '/health', {})).status).toBe(200);
    expect(faults(nginx.log())).toEqual([]);
  });

  test('the compressed forms have a list of their own', async () => {
    expect((await listedFiles(site.folder)).filter(({ path }) => isForm(path))).toEqual([]);
    const listed = [...openEncodedList(readEncodedList(site.folder)).files()].map(({ path }) => path);
    const files = readdirSync(join(site.folder, '_registry'), { recursive: true, encoding: 'utf8' });
    const forms = files.map((path) => `_registry/${path}`).filter(isForm);
    expect(listed.sort()).toEqual(forms.sort());
    expect(listed.length).toBeGreaterThan(1000);
  });

  test('below a path of another server, and with TLS', async () => {
    const port = await freePort();
    const text = (name: string): string => readFileSync(join(hostFolder, name), 'utf8');
    const tls = text('tls.conf').replaceAll(
      /listen (\d+)/g,
      (_, listen) => `listen unix:${join(work, `${listen}.socket`)}`,
    );
    certificate(work);
    const other = `${tls.replace(/certificate .*;/, `certificate ${work}/cert.pem;`).replace(/key .*;/, `key ${work}/key.pem;`)}
      server { listen 127.0.0.1:${port}; location / { return 418; } ${text('sub-path.conf')} }`;
    const both = await startNginx(hostFolder, other);
    try {
      const below = (target: string, accept = ''): Promise<string> =>
        rawRequest(port, `GET ${target} HTTP/1.0`, `Accept-Encoding: ${accept}`);
      expect(await below('/')).toMatch('418');
      const { body } = await nginx.ask('GET', '/search', {});
      expect((await below('/epr/search')).endsWith(body.toString('latin1'))).toBe(true);
      expect(await below('/epr/search', 'br')).toMatch('Content-Encoding: br');
      expect(await below('/epr/epr/acme_web/acme_web-1.0.0.zip')).toMatch('200 OK');
      expect(await below('/epr/package/acme_web/1.0.0')).toMatch(/Location: \/epr\/package\/acme_web\/1\.0\.0\/\r\n/);
      expect(await below('/epr/package/acme_web/1.0.0')).toMatch('<a href="/epr/package/acme_web/1.0.0/">Moved');
      expect(await below('/epr//search')).toMatch(/Location: \/epr\/search\r\n/);
      expect(await below('/epr/.epr-static/whole')).toMatch(/404 Not Found[^]*404 page not found/);
      expect(overTls(join(work, '443.socket'), '/search')).toBe(body.toString());
    } finally {
      await both.stop();
    }
  });
});

describe.skipIf(!isHere)('nginx over a damaged site', () => {
  let site: Awaited<ReturnType<typeof buildSite>>;
  let original: string;
  let hostFolder: string;
  let folder: string;
  let nginx: RunningNginx;
  beforeAll(async () => {
    site = await buildSite(here('cases'), { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' });
    original = await generateNginx(site.folder, 'cases', 'json');
  });
  afterAll(() => site.remove());
  afterEach(async () => {
    await nginx.stop();
  });
  const start = async (): Promise<void> => {
    hostFolder = copyHosted(original, join(work, 'damaged'));
    folder = join(dirname(hostFolder), 'cases');
    nginx = await startNginx(hostFolder);
  };
  const indexFile = (which: string): string => {
    const index = join(folder, '_registry/index.json');
    const names = JSON.parse(readFileSync(index, 'utf8')) as Record<string, string>;
    return which === 'index.json' ? index : join(folder, '_registry', names[which] ?? '');
  };

  test.each(['missing', 'truncated'])(
    'nothing that nginx has in memory needs an index.json, here a %s one',
    async (how) => {
      await start();
      if (how === 'missing') rmSync(indexFile('index.json'));
      else truncateSync(indexFile('index.json'), 60);
      for (const name of ['base', 'packages']) expect(await askAll(nginx, sets.get(name) ?? [])).toEqual([]);
    },
  );

  test.each(['missing', 'truncated', 'of another build'])(
    'what is composed is unavailable where the rows are %s',
    async (how) => {
      await start();
      const file = indexFile('rows');
      const bytes = readFileSync(file);
      if (how === 'missing') rmSync(file);
      else
        writeFileSync(
          file,
          how === 'truncated' ? bytes.subarray(0, 60) : Buffer.concat([Buffer.from('x'), bytes.subarray(1)]),
        );
      await areUnavailable(nginx, ['/search?all=true&kibana.version=7.1.0']);
      expect((await nginx.ask('GET', '/search?kibana.version=8.5.0', {})).status).toBe(200);
      writeFileSync(file, bytes);
      expect((await nginx.ask('GET', '/search?all=true&kibana.version=7.1.0', {})).status).toBe(200);
    },
  );

  test('without the columns that nginx has in memory, and without others, all is unavailable', async () => {
    await start();
    rmSync(indexFile('columns'));
    await areUnavailable(nginx, everything);
  });

  test.each(['missing', 'truncated'])(
    'a reload fails where the preloaded columns are %s, and the old workers serve on',
    async (how) => {
      await start();
      const columns = join(hostFolder, 'columns.json');
      if (how === 'missing') rmSync(columns);
      else truncateSync(columns, 999);
      expect(testNginx(hostFolder).isGood).toBe(false);
      const workers = nginx.workers();
      nginx.reload();
      await new Promise((done) => setTimeout(done, 1000));
      expect(nginx.workers()).toEqual(workers);
      expect(await askAll(nginx, sets.get('packages') ?? [])).toEqual([]);
      expect(await askAll(nginx, (sets.get('fuzz') ?? []).slice(0, 99))).toEqual([]);
    },
  );

  test('a reload takes the new columns', async () => {
    await start();
    const workers = nginx.workers();
    nginx.reload();
    await expect.poll(() => nginx.workers(), { timeout: 5000 }).not.toEqual(workers);
    expect(await askAll(nginx, sets.get('packages') ?? [])).toEqual([]);
  });

  test('a site that took the place of the one that nginx started with is answered without a reload', async () => {
    await start();
    const index = JSON.parse(readFileSync(indexFile('index.json'), 'utf8')) as Record<string, string>;
    for (const which of ['columns', 'rows']) {
      const file = indexFile(which);
      const bytes = readFileSync(file, 'latin1').replace(index['build'] ?? '', 'another build...');
      rmSync(file);
      writeFileSync(join(folder, '_registry', `another-${which}`), bytes, 'latin1');
    }
    const another = { build: 'another build...', columns: 'another-columns', rows: 'another-rows' };
    writeFileSync(indexFile('index.json'), JSON.stringify(another));
    for (const name of ['fuzz', 'routes']) expect(await askAll(nginx, sets.get(name) ?? [])).toEqual([]);
    rmSync(indexFile('columns'));
    await areUnavailable(nginx, everything);
  });

  test('without the precomputed answers all are composed', async () => {
    await start();
    rmSync(join(folder, '_registry/answers'), { recursive: true });
    for (const name of ['base', 'fuzz']) expect(await askAll(nginx, sets.get(name) ?? [])).toEqual([]);
  });

  test.each([
    ['/epr/acme_web/acme_web-1.0.0.zip', 'epr/acme_web/acme_web-1.0.0.zip', 'artifact not found'],
    ['/package/acme_web/1.0.0/', '_registry/package/acme_web/1.0.0.json', 'package revision not found'],
    ['/package/acme_web/1.0.0/manifest.yml', 'package/acme_web/1.0.0/manifest.yml', 'package revision not found'],
    ['/package/acme_web/1.0.0/img/logo.svg', 'package/acme_web/1.0.0/img/logo.svg', 'package revision not found'],
  ])('%s whose file is missing', async (target, path, text) => {
    await start();
    rmSync(join(folder, path));
    const answered = await nginx.ask('GET', target, {});
    expect(brief(answered)).toMatchObject({
      status: 404,
      'cache-control': 'max-age=0, private, no-store',
      tagged: false,
    });
    expect(answered.body.toString()).toBe(`${text}\n`);
  });

  test.each([
    ['/epr/acme_web/acme_web-1.0.0.zip?x', 'epr/acme_web/acme_web-1.0.0.zip'],
    ['/package/acme_web/1.0.0/?x', '_registry/package/acme_web/1.0.0.json'],
    ['/package/acme_web/1.0.0/manifest.yml?x', 'package/acme_web/1.0.0/manifest.yml'],
  ])('%s, which the code answers, whose file is cut off', async (target, path) => {
    await start();
    truncateSync(join(folder, path), 99);
    expect(brief(await nginx.ask('GET', target, {}))).toMatchObject({ status: 503, tagged: false });
    await expect.poll(() => nginx.log(), { timeout: 10_000 }).toContain(`${path} has 99 bytes`);
  });

  // A link to itself stops root as well; what a mode forbids fails in the same way.
  test.each([
    ['/epr/acme_web/acme_web-1.0.0.zip', 'epr/acme_web/acme_web-1.0.0.zip', {}],
    ['/package/acme_web/1.0.0/', '_registry/package/acme_web/1.0.0.json', {}],
    ['/package/acme_web/1.0.0/manifest.yml', 'package/acme_web/1.0.0/manifest.yml', {}],
    ['/package/acme_web/1.0.0/manifest.yml', 'package/acme_web/1.0.0/manifest.yml', { 'If-None-Match': '"x"' }],
    ['/package/acme_web/1.0.0/manifest.yml', 'package/acme_web/1.0.0/manifest.yml', { Range: 'bytes=1-2' }],
    ['/package/acme_web/1.0.0/manifest.yml', 'package/acme_web/1.0.0/manifest.yml', { Range: 'bytes=1-2,' }],
    ['/package/acme_web/1.0.0/manifest.yml?x', '_registry/files/acme_web/1.0.0.json', {}],
    ['/package/acme_web/1.0.0/img/logo.svg', 'package/acme_web/1.0.0/img/logo.svg', {}],
    ['/search?kibana.version=8.5.0', '_registry/answers', {}],
    ['/search?kibana.version=8.5.0&x', '_registry/answers', { 'Accept-Encoding': 'gzip' }],
    ['/search?all=true', '_registry/rows', {}],
  ])('%s while %s can not be read', async (target, path, headers) => {
    await start();
    const place = path === '_registry/rows' ? indexFile('rows') : join(folder, path);
    rmSync(place, { recursive: true });
    symlinkSync(place, place);
    expect(brief(await nginx.ask('GET', target, headers))).toMatchObject({
      status: 503,
      'cache-control': 'max-age=0, private, no-store',
      tagged: false,
    });
    const isLogged = (): boolean =>
      nginx
        .log()
        .split('\n')
        .some((line) => line.includes('[error]') && line.includes(place));
    await expect.poll(isLogged, { timeout: 10_000 }).toBe(true);
  });
});

const bundle = sharedPath('package-storage.bundle', 'the comparison of nginx over the real storage');
const recorded = sharedPath('recorded', 'the comparison of nginx over the real storage');

test.skipIf(!isHere || bundle === undefined || recorded === undefined)(
  'nginx answers like the registry over the real storage',
  async () => {
    const built = process.env['EPR_STATIC_SNAPSHOT_NGINX']; // a site with its folder beside it spares some minutes
    const layers = ['production', 'staging', 'snapshot'];
    const site = built
      ? { folder: built, remove: () => undefined }
      : await buildSite(bundle ?? '', { name: 'snapshot', layers });
    const nginx = await startNginx(built ? `${built}.nginx` : await generateNginx(site.folder, 'snapshot', 'json'));
    const real = recordedSets(`${recorded}/snapshot`);
    for (const coding of ['', 'br'])
      for (const name of ['base', 'fuzz', 'packages'])
        expect([name, await askAll(nginx, (real.get(name) ?? []).map(accepting(coding)))]).toEqual([name, []]);
    expect(faults(nginx.log())).toEqual([]);
    await nginx.stop();
    site.remove();
  },
);

function isForm(path: string): boolean {
  return /^_registry\/.*\.(br|gz)$/.test(path);
}

function accepting(coding: string): (row: RecordedRow) => RecordedRow {
  return (row) => (coding === '' ? row : { ...row, q: { 'Accept-Encoding': coding, ...row.q } });
}

/** What nginx should not have to log. */
function faults(log: string): string[] {
  return log.split('\n').filter((line) => /\[(error|crit|alert|emerg)\]/.test(line));
}

/** Each form has a strong tag of its own, that is honoured for this form alone; HEAD gives the same headers. */
async function areForms(running: Running, target: string, forms: readonly Response[]): Promise<void> {
  const tags = forms.map(({ headers }) => headers['etag'] ?? '');
  expect(new Set(tags).size).toBe(forms.length);
  for (const [i, form] of forms.entries()) {
    expect(form.headers['vary']).toBe('Accept-Encoding');
    expect(tags[i]).toMatch(/^"[^"]+"$/);
    const accept: Record<string, string> = coded(form) === undefined ? {} : { 'Accept-Encoding': coded(form) ?? '' };
    for (const [k, tag] of tags.entries()) {
      const again = await running.ask('GET', target, { ...accept, 'If-None-Match': tag });
      expect([again.status, again.headers['vary']]).toEqual([i === k ? 304 : 200, 'Accept-Encoding']);
      if (i === k)
        expect([again.headers['etag'], again.headers['cache-control']]).toEqual([tag, form.headers['cache-control']]);
    }
    const head = await running.ask('HEAD', target, accept);
    expect([head.headers['etag'], coded(head)]).toEqual([tags[i], coded(form)]);
    expect(head.body).toHaveLength(0);
  }
}

function coded({ headers }: Response): string | undefined {
  return headers['content-encoding'];
}

const SHOWN = ['location', 'content-type', 'cache-control', 'access-control-allow-origin', 'allow', 'content-range'];

/** What of an answer is the registry's; of its tag, that it has one, since those of files are nginx's own. */
function brief({ status, headers, body }: Response): Record<string, unknown> {
  return {
    status,
    tagged: 'etag' in headers,
    ...Object.fromEntries(SHOWN.map((name) => [name, headers[name]])),
    body: body.toString('latin1'),
  };
}

function ranged(response: Response): unknown {
  const { headers } = response;
  return { ...brief(response), length: headers['content-length'], ranges: headers['accept-ranges'] };
}

const everything = [
  '/search',
  '/search?kibana.version=8.5.0',
  '/search?all=true&kibana.version=7.1.0',
  '/categories',
  '/',
  '/epr/a/a-1.0.0.zip',
];

async function areUnavailable(running: Running, targets: readonly string[]): Promise<void> {
  for (const target of targets)
    expect(brief(await running.ask('GET', target, { 'Accept-Encoding': 'br' }))).toMatchObject({
      status: 503,
      'cache-control': 'max-age=0, private, no-store',
      'access-control-allow-origin': '*',
    });
  expect((await running.ask('GET', '/health', {})).status).toBe(200);
}

/** What a server answers to a request line as it stands; a character is a byte. */
function rawRequest(port: number, ...lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = net.connect(port, '127.0.0.1');
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject).on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  });
}

/** Asks for more than fits between two sockets, and is gone with the first bytes. */
function hangUp(port: number, target: string, header: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('data', () => socket.resetAndDestroy()).once('close', () => resolve());
    socket.write(`GET ${target} HTTP/1.1\r\nHost: any\r\n${header}\r\n\r\n`.repeat(200));
  });
}

function certificate(folder: string): void {
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  const options = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=packages.example.org',
  ];
  execFileSync('openssl', ['req', '-x509', ...options, ...files], { stdio: 'ignore' });
}

function overTls(socket: string, target: string): string {
  const options = ['--silent', '--insecure', '--unix-socket', socket];
  return execFileSync('curl', [...options, `https://packages.example.org${target}`], { encoding: 'utf8' });
}
