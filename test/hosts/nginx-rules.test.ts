import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Columns } from '../../src/core/columns.ts';
import type { Response } from '../support/compare.ts';
import { buildSite } from '../support/contract.ts';
import { coreInMemory, httpClient } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';
import { fileListText, parseFileList } from '../../src/tree/file-list.ts';
import { encodedPath } from '../../src/hosts/nginx/njs/encoding.ts';
import { mapsConf } from '../../src/hosts/nginx/maps.ts';
import { freePort } from '../../scripts/bench-servers.ts';
import { copyHosted, generateNginx, hasNginx, startNginx, testNginx } from './nginx-host.ts';
import type { RunningNginx } from './nginx-host.ts';

/*
 * The plain rules of nginx's configuration: what they answer is what the registry's code would answer.
 */

const isHere = hasNginx();
const cases = new URL('../cases', import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), 'epr-static-nginx-rules-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const bounds = 'spec.min=2.3&spec.max=3.4';

/** Requests that the rules answer by themselves. */
const plainTargets = [
  '/search',
  '/search?prerelease=true',
  '/search?kibana.version=1.0.0',
  '/search?kibana.version=10.0.0',
  '/search?kibana.version=29.255.255',
  '/search?kibana.version=30.0.0',
  '/search?kibana.version=255.255.255',
  '/search?kibana.version=123.0.0',
  '/search?kibana.version=10.0.0&spec.min=2.3&spec.max=4.0',
  '/search?kibana.version=11.2.0&spec.min=2.3&spec.max=40.12',
  `/search?kibana.version=8.19.4&${bounds}`,
  `/search?prerelease=true&kibana.version=8.19.4&${bounds}`,
  `/search?kibana.version=8.19.4&spec.max=3.4&spec.min=2.3`,
  `/search?category=security&prerelease=true&kibana.version=8.5.0&${bounds}`,
  `/search?category=security&kibana.version=8.5.0`,
  `/search?package=acme_web&prerelease=true&kibana.version=8.5.0&${bounds}`,
  '/search?package=acme_web',
  `/search?prerelease=true&type=content&kibana.version=8.19.4&${bounds}`,
  '/search?type=content',
  '/search?package=acme_web&prerelease=false&kibana.version=8.5.0',
  `/search?kibana.version=8.5.0&package=acme_web&include_policy_templates=true`,
  '/categories',
  `/categories?prerelease=true&include_policy_templates=true&kibana.version=8.5.0&${bounds}`,
  `/categories?prerelease=false&include_policy_templates=false&kibana.version=9.4.2&${bounds}`,
  '/categories?kibana.version=8.5.0&category=security',
  '/search?kibana.version=8.5.0',
  '/search?kibana.version=8.5.0&prerelease=true',
  '/search?prerelease=true&kibana.version=8.5.0',
  '/categories?kibana.version=8.5.0',
  '/categories?prerelease=true&kibana.version=8.5.0&include_policy_templates=true',
  '/categories?include_policy_templates=true&kibana.version=8.5.0',
  '/package/acme_web/1.0.0/',
  '/package/acme_web/2.0.0-rc.10/',
  '/package/acme_build/1.0.0+b1/',
  '/epr/acme_web/acme_web-1.0.0.zip',
  '/package/acme_web/1.0.0/docs/README.md',
];

/** And these as well, from clients that take no compressed form. */
const plainFiles = ['/package/acme_web/1.0.0/manifest.yml', '/package/acme_web/1.0.0/img/logo.svg'];

/** Requests that look like those, and whose answers only the registry's code knows. */
const oddTargets = [
  '/search?',
  '/categories?',
  '/search?prerelease=false&kibana.version=7.17.3&prerelease=true',
  '/search?kibana.version=8.5.0&spec.min=2.3',
  '/search?kibana.version=8.5.0&spec.max=3.4',
  '/search?kibana.version=8.5.0&spec.min=2.3&spec.max=2.2',
  '/search?kibana.version=8.5.0&spec.min=2.3&spec.max=03.4',
  '/search?kibana.version=8.5.0&spec.min=2.3&spec.max=3.4.0',
  '/search?kibana.version=8.5.0&spec.min=2.3&spec.max=3.4&spec.max=3.0',
  '/search?kibana.version=8.5.0&spec.min=3&spec.max=3.4',
  '/search?kibana.version=8.5.0&spec.min=&spec.max=3.4',
  '/search?kibana.version=0.0.0',
  '/search?kibana.version=0.0.1',
  '/search?kibana.version=8.256.0',
  '/search?kibana.version=8.5.999',
  '/search?kibana.version=8.5.0.0',
  '/search?kibana.version=1000.0.0',
  '/search?kibana.version=30.1000.0',
  '/search?kibana.version=',
  '/search?category=security&package=acme_web',
  '/search?category=&kibana.version=8.5.0',
  '/search?category=nosuch&kibana.version=8.5.0',
  '/search?category=security%20&kibana.version=8.5.0',
  '/search?category=acme_web&kibana.version=8.5.0',
  '/search?package=security',
  '/search?package=nosuch&kibana.version=8.5.0',
  '/search?package=acme_web/../acme_web',
  '/search?package=acme_web&package=acme_old',
  '/search?package=acme_web&all=true',
  '/search?package=acme_web&type=integration',
  '/search?package=acme_web&type=content',
  '/search?category=security&type=content',
  '/search?type=integration',
  '/search?package=acme_web&discovery=fields:x',
  '/search?package=acme_web&capabilities=security',
  '/search?package=acme_web&agent.version=8.0.0',
  '/search?package=acme_web&kibana.version=8.5.0&unknown=1',
  '/search?package=default',
  '/search?package=volatile',
  '/search?&package=acme_web',
  '/search?package=acme_web&&kibana.version=8.5.0',
  '/search?package=acme_web;kibana.version=8.5.0',
  '/search?package=acme%5Fweb',
  '/search?PACKAGE=acme_web',
  `/search?package=${'a'.repeat(41)}`,
  '/categories?include_policy_templates=1&kibana.version=8.5.0',
  '/categories?include_policy_templates=true&include_policy_templates=false',
  '/search?kibana.version=8.5',
  '/search?kibana.version=v8.5.0',
  '/search?kibana.version=08.5.0',
  '/search?kibana.version=8.5.0-SNAPSHOT',
  '/search?kibana.version=8.5.0&',
  '/search?kibana.version=8.5.0#x',
  '/search?kibana.version=8.5.0&kibana.version=7.0.0',
  '/search?kibana.version=8.5.0&prerelease=TRUE',
  '/search?kibana.version=8.5.0&Prerelease=true',
  '/search?Prerelease=true&kibana.version=8.5.0&prerelease=false',
  '/search?kibana.version=8.5.0&prerelease=maybe',
  '/search?kibana.version=8.5.0&prerelease=',
  '/search?kibana%2Eversion=8.5.0',
  '/search?kibana.version=8.5.0&all=true',
  '/search?kibana.version=8.5.0&experimental=true',
  '/%73earch?kibana.version=8.5.0',
  '/search/?kibana.version=8.5.0',
  '//search?kibana.version=8.5.0',
  '/a/../search?kibana.version=8.5.0',
  '/SEARCH?kibana.version=8.5.0',
  '/package/acme_web/1.0.0/?x',
  '/package/acme_web/1.0.0/?',
  '/package/acme_web/1.0.0',
  '/package/acme_web/1.0.0//',
  '/package//acme_web/1.0.0/',
  '/package/acme_web/./1.0.0/',
  '/package/acme_web/1.0/',
  '/package/acme_web/v1.0.0/',
  '/package/acme_web/9.9.9/',
  '/package/ACME_web/1.0.0/',
  '/package/acme%5Fweb/1.0.0/',
  '/package/acme_web/1.0.0/docs/README.md/',
  '/package/acme_web/1.0.0/docs/README.MD',
  '/package/acme_web/1.0.0/docs/README%2Emd',
  '/package/acme_web/1.0.0/docs%2FREADME.md',
  '/package/acme_web/1.0.0/docs//README.md',
  '/package/acme_web/1.0.0/img/../docs/README.md',
  '/package/acme_web/1.0.0/docs/README.md?x',
  '/package/acme_web/1.0.0/docs/missing.md',
  '/package/acme_web/1.0.0/docs/.md',
  '/package/acme_web/1.0.0/docs',
  '/package/acme_web/1.0.0/docs/folder.md',
  '/package/acme_web/1.0.0/docs/folder.png',
  '/package/acme_web/1.0/docs/README.md',
  '/package/acme_web/9.9.9/docs/README.md',
  '/package/acme_web/1.0.0/img/shot%20one.png',
  '/package/acme_files/1.0.0/img/日本.svg',
  '/package/acme_files/1.0.0/img/h#.png',
  '/epr/acme_web/acme_web-1.0.0.zip/',
  '/epr/acme_web/acme_web-1.0.0.zip?x',
  '/epr/acme_web/acme_web-1.0.zip',
  '/epr/acme_web/acme_web-9.9.9.zip',
  '/epr/acme_web/acme_web-1.0.0.ZIP',
  '/epr/acme_web/acme_web-1.0.0%2Ezip',
  '/epr/other/acme_web-1.0.0.zip',
  '/epr/Other/acme_web-1.0.0.zip',
  '/epr//acme_web/acme_web-1.0.0.zip',
  '/epr/acme_web/acme_web-1.0.0.zip.sig',
  '/epr/acme_signed/acme_signed-1.0.0.zip.sig',
  '/epr/acme_web/folder.zip',
];

const accepts = [
  'gzip',
  'br',
  'gzip,deflate',
  'gzip, deflate, br',
  'BR , x',
  'br;q=0.1, gzip',
  'gzip;q=0',
  '*',
  'brotli',
];

/** Headers that change an answer, made from the tag of the answer without them. */
function conditions(tag: string): Record<string, string>[] {
  const past = 'Thu, 01 Jan 2015 00:00:00 GMT';
  const future = 'Fri, 01 Jan 2100 00:00:00 GMT';
  return [
    { Range: 'bytes=1-2' },
    { Range: 'bytes=-3' },
    { Range: 'bytes=1-2,4-5' },
    { Range: 'bytes=99999999-' },
    { Range: '0' },
    { Range: 'bytes=1-2', 'If-Range': tag },
    { Range: 'bytes=1-2', 'If-Range': '"other"' },
    { Range: 'bytes=1-2', 'If-Range': future },
    { Range: 'bytes=1-2', 'If-None-Match': tag },
    { Range: 'bytes=99999999-', 'If-None-Match': tag },
    { 'If-Range': tag },
    { 'If-None-Match': tag },
    { 'If-None-Match': `W/${tag}` },
    { 'If-None-Match': `"other", ${tag}` },
    { 'If-None-Match': '"other"' },
    { 'If-None-Match': '*' },
    { 'If-None-Match': tag, 'If-Modified-Since': past },
    { 'If-None-Match': '"other"', 'If-Modified-Since': future },
    { 'If-Modified-Since': past },
    { 'If-Modified-Since': future },
    { 'If-Modified-Since': '0' },
  ];
}

describe.skipIf(!isHere)('the plain rules of nginx', () => {
  let site: Awaited<ReturnType<typeof buildSite>>;
  let hostFolder: string;
  let rules: RunningNginx;
  let code: RunningNginx;
  let alone: RunningNginx;
  const below: Record<'rules' | 'code', ReturnType<typeof httpClient>> = {} as typeof below;
  beforeAll(async () => {
    site = await buildSite(cases, { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' });
    hostFolder = await generateNginx(site.folder, 'cases', 'all');
    lengthen(site.folder);
    for (const folder of [
      'package/acme_web/1.0.0/docs/folder.md',
      'package/acme_web/1.0.0/docs/folder.png',
      'epr/acme_web/folder.zip',
    ])
      mkdirSync(join(site.folder, folder));
    [rules, below.rules] = await startBoth(hostFolder);
    [code, below.code] = await startBoth(changed(hostFolder, 'code', withoutRules));
    alone = await startNginx(
      changed(hostFolder, 'alone', (text) => text.replace('js_content epr.registry', 'return 599')),
    );
  });
  afterAll(async () => {
    for (const client of Object.values(below)) client.close();
    for (const nginx of [rules, code, alone]) await nginx.stop();
    site.remove();
  });

  test.each([...plainTargets, ...plainFiles])('answer %s without the code', async (target) => {
    const accepted = plainFiles.includes(target)
      ? ['', 'identity']
      : ['', 'gzip', 'br', 'gzip, deflate, br', 'identity'];
    for (const accept of accepted)
      for (const method of ['GET', 'HEAD'])
        expect((await alone.ask(method, target, accept === '' ? {} : { 'Accept-Encoding': accept })).status).toBe(200);
  });

  test.each([...plainTargets, ...plainFiles, ...oddTargets])('answer %s as the code does', async (target) => {
    for (const headers of [{}, ...accepts.map((accept) => ({ 'Accept-Encoding': accept }))]) {
      const { etag = '"none"' } = (await code.ask('GET', target, headers)).headers;
      for (const more of [{}, ...conditions(etag)])
        await isEqual([rules, code], { method: 'GET', target, headers: { ...headers, ...more } });
    }
    for (const method of ['HEAD', 'POST', 'OPTIONS', 'DELETE'])
      await isEqual([rules, code], { method, target, headers: {} });
  });

  test.each([...plainTargets, ...plainFiles, ...oddTargets])(
    'answer %s below a path as the code does',
    async (target) => {
      for (const headers of [{}, { 'Accept-Encoding': 'gzip' }, { Range: 'bytes=1-2' }])
        for (const method of ['GET', 'HEAD', 'POST'])
          await isEqual([below.rules, below.code], { method, target: `/epr${target}`, headers });
    },
  );

  test("fit into nginx's own sizes of hashes, with many times the classes of the real storage", () => {
    const crowded = changed(hostFolder, 'crowded', (text) => text);
    writeFileSync(
      join(crowded, 'maps.conf'),
      mapsConf('cases', crowdedColumns(), { columns: 'columns-0.json', rows: 'rows-0.txt' }),
    );
    expect(testNginx(crowded)).toMatchObject({ isGood: true, text: expect.not.stringContaining('[warn]') });
  });

  test('log no fault', () => {
    for (const nginx of [rules, code, alone]) expect(nginx.log()).not.toMatch(/\[(error|crit|alert|emerg|warn)\]/);
  });
});

describe.skipIf(!isHere)('the plain rules of nginx over a site that changes', () => {
  let site: Awaited<ReturnType<typeof buildSite>>;
  let other: Awaited<ReturnType<typeof buildSite>>;
  let folder: string;
  let nginx: RunningNginx;
  beforeAll(async () => {
    site = await buildSite(cases, { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' });
    other = await buildSite(cases, { name: 'cases', layers: ['second'], packages: '.' });
    const hostFolder = copyHosted(await generateNginx(site.folder, 'cases', 'json'), join(work, 'changing'));
    folder = join(dirname(hostFolder), 'cases');
    nginx = await startNginx(hostFolder);
  });
  afterAll(async () => {
    await nginx.stop();
    site.remove();
    other.remove();
  });

  test('a compressed form that has vanished is not missed', async () => {
    const whole = await nginx.ask('GET', '/package/acme_web/1.0.0/', {});
    rmSync(join(folder, '_registry/package/acme_web/1.0.0.json.gz'));
    const answered = await nginx.ask('GET', '/package/acme_web/1.0.0/', { 'Accept-Encoding': 'gzip' });
    expect([answered.status, answered.body]).toEqual([200, whole.body]);
  });

  test('an answer that has vanished is composed', async () => {
    const before = await nginx.ask('GET', '/search?kibana.version=8.5.0', {});
    rmSync(join(folder, '_registry/answers'), { recursive: true });
    const after = await nginx.ask('GET', '/search?kibana.version=8.5.0', { 'Accept-Encoding': 'br' });
    expect([after.status, after.body]).toEqual([200, before.body]);
  });

  test('another site in its place is answered without a reload', async () => {
    rmSync(folder, { recursive: true });
    cpSync(other.folder, folder, { recursive: true });
    // Answers that both have, though to other questions.
    cpSync(join(site.folder, '_registry/answers'), join(folder, '_registry/answers'), { recursive: true });
    const core = await coreInMemory.start(other.folder);
    for (const target of [...plainTargets, ...plainFiles])
      expect([target, shown(await nginx.ask('GET', target, {}))]).toEqual([
        target,
        shown(await core.ask('GET', target, {})),
      ]);
    expect(nginx.log()).not.toMatch(/\[(error|crit|alert|emerg|warn)\]/);
  });
});

/** Makes a README long enough for compressed forms, and these. */
function lengthen(folder: string): void {
  const text = 'What Kibana shows.\n'.repeat(300);
  writeFileSync(join(folder, 'package/acme_web/1.0.0/docs/README.md'), text);
  for (const [coding, compress] of [['br', brotliCompressSync] as const, ['gzip', gzipSync] as const]) {
    const form = join(folder, encodedPath('package/acme_web/1.0.0/docs/README.md', '', coding));
    mkdirSync(dirname(form), { recursive: true });
    writeFileSync(form, compress(Buffer.from(text)));
  }
  const path = join(folder, '_registry/files/acme_web/1.0.0.json');
  const list = parseFileList(readFileSync(path, 'utf8'));
  const entry = [text.length, createHash('sha256').update(text).digest('hex'), 'text/markdown; charset=utf-8'] as const;
  writeFileSync(path, fileListText({ ...list, files: { ...list.files, 'docs/README.md': entry } }));
}

function shown({ status, headers, body }: Response): unknown {
  return [status, headers['content-type'], headers['cache-control'], body.toString('latin1')];
}

/** With three cuts in each minor version, a thousand packages, and an answer for each class. */
function crowdedColumns(): Columns {
  const minors = [7, 8, 9].flatMap((major) => Array.from({ length: 30 }, (_, minor) => `${major}.${minor}`));
  const releaseCuts = minors.flatMap((minor) => [1, 2, 30].map((patch) => [`${minor}.${patch}`, 0]));
  const classes = Array.from({ length: releaseCuts.length + 3 }, (_, i) => i);
  const names = Array.from({ length: 1000 }, (_, i) => `package_of_the_crowd_${i}`);
  const categories = Array.from({ length: 300 }, (_, i) => ({ id: `category_of_the_crowd_${i}` }));
  const answers = {
    releaseCuts,
    prereleaseCuts: [],
    specs: [],
    ranges: [[0, 0]],
    digests: classes.map((one) => one.toString(16).padStart(16, '0')),
    bytes: classes,
    runs: [classes.flatMap((one) => [one, one]), [0, 0]],
    places: Array.from({ length: 2 * (4 + categories.length + names.length) }, (_, place) => (place < 4 ? 0 : 1)),
  };
  const cache = { index: 10, search: 600, categories: 600, files: 600 };
  return { names, categories, answers, cache } as unknown as Columns;
}

/** A copy of the host's folder whose `registry.conf` and `sub-path.conf` are otherwise; the site is the same. */
function changed(hostFolder: string, name: string, change: (text: string) => string): string {
  const copy = join(work, name);
  cpSync(hostFolder, copy, { recursive: true });
  for (const file of readdirSync(copy).filter((one) => one.endsWith('.conf')))
    writeFileSync(
      join(copy, file),
      change(readFileSync(join(copy, file), 'utf8').replaceAll(`${hostFolder}/`, `${copy}/`)),
    );
  return copy;
}

/** At the root of one server, and below /epr/ of another that would rather answer itself. */
async function startBoth(hostFolder: string): Promise<[root: RunningNginx, below: ReturnType<typeof httpClient>]> {
  const port = await freePort();
  const subPath = readFileSync(join(hostFolder, 'sub-path.conf'), 'utf8');
  const other = `server { listen 127.0.0.1:${port}; location ~ . { return 418; } ${subPath} }`;
  return [await startNginx(hostFolder, other), httpClient(`http://127.0.0.1:${port}`)];
}

function withoutRules(text: string): string {
  return text.replaceAll(/^ {4}location [^]*?\n {4}}\n/gm, '');
}

async function isEqual(
  [one, two]: readonly [Pick<Running, 'ask'>, Pick<Running, 'ask'>],
  asked: { readonly method: string; readonly target: string; readonly headers: Record<string, string> },
): Promise<void> {
  const { method, target, headers } = asked;
  const [first, second] = await Promise.all([one, two].map((running) => running.ask(method, target, headers)));
  expect({ asked, ...whole(first) }).toEqual({ asked, ...whole(second) });
}

function whole(response: Response | undefined): object | undefined {
  return (
    response && {
      ...response,
      headers: { ...response.headers, date: '', connection: '' },
      body: response.body.toString('latin1'),
    }
  );
}
