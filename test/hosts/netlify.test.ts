import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { siteRules } from '../../src/hosts/netlify/target.ts';
import type { RecordedRow, Response } from '../support/compare.ts';
import { askAll, askUnrecorded, buildSite, recordedSets, sharedPath, UNRECORDED } from '../support/contract.ts';
import type { Running } from '../support/implementations.ts';
import { writeHostFolder } from './host-folder.ts';
import { denoProgram, netlifyKit, startEdgeFunction, startFetchHandler, startNetlifyDev } from './netlify-host.ts';
import type { NetlifyKit } from './netlify-host.ts';
import { askable, withoutLength, withoutPlatformHeaders } from './netlify-skips.ts';

const deno = denoProgram() as string;
const kit = (await netlifyKit()) as NetlifyKit;
const hasNetlify = Boolean(deno && kit);
const here = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const sets = recordedSets(here('recorded/cases'));
const site = deno
  ? await buildSite(here('cases'), { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' })
  : undefined;
const folder = site?.folder ?? '';
const work = mkdtempSync(join(tmpdir(), 'epr-static-netlify-'));
afterAll(() => {
  site?.remove();
  rmSync(work, { recursive: true, force: true });
});

/** Generates the host's folder for a built site. */
async function generate(from: string, name: string): Promise<string> {
  const hostFolder = join(work, `${name}.netlify`);
  expect(await writeHostFolder('netlify', { folder: from, hostFolder, name })).toEqual([]);
  return hostFolder;
}

// Netlify's edge function doesn't learn what the client accepts, so it can't ask for this.
test.skipIf(!deno)('in Deno, the handler that the package exports has signatures never compressed', async () => {
  const running = await startFetchHandler(deno, folder);
  try {
    const target = '/epr/acme_signed/acme_signed-1.0.0.zip.sig';
    const [plain, accepting] = await Promise.all(
      [{}, { 'Accept-Encoding': 'gzip, br' }].map((headers) => running.ask('GET', target, headers)),
    );
    expect([accepting?.headers['content-encoding'], accepting?.body]).toEqual([undefined, plain?.body]);
  } finally {
    await running.stop();
  }
});

describe.skipIf(!deno).each([
  ['the edge function of Netlify', async () => startEdgeFunction(deno, await generate(folder, 'cases'))],
  ['the handler that the package exports', async () => startFetchHandler(deno, folder)],
])('under Deno.serve %s answers like the registry over the cases', (_, start) => {
  let running: Running;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.stop());

  test.each([...sets])('%s', async (_name, rows) => {
    expect(await askAll(running, rows)).toEqual([]);
  });

  test('requests that no recording holds, but for raw bytes, which Deno refuses', async () => {
    const rows = UNRECORDED.filter(({ what, t }) => what !== 'raw bytes' && !(what === 'coding' && t.endsWith('.sig')));
    expect(await askUnrecorded(running, rows)).toEqual([]);
  });

  test('ETags are strong and honoured', async () => {
    for (const target of ['/', '/search', '/search?package=acme_web&category=x', ZIP]) {
      const { headers } = await running.ask('GET', target, {});
      expect(headers['etag']).toMatch(/^"[^"]+"$/);
      const again = await running.ask('GET', target, { 'If-None-Match': headers['etag'] ?? '' });
      expect([again.status, again.body.length, again.headers['etag']]).toEqual([304, 0, headers['etag']]);
    }
  });

  test('zips are never compressed, and come with their length', async () => {
    const { headers, body } = await running.ask('GET', ZIP, { 'Accept-Encoding': 'gzip, br' });
    expect([headers['content-encoding'], headers['content-length']]).toEqual([undefined, String(body.length)]);
    const range = await running.ask('GET', ZIP, { Range: 'bytes=5-9' });
    expect([range.status, range.headers['content-length'], range.body]).toEqual([206, '5', body.subarray(5, 10)]);
  });

  test('other methods', async () => {
    expect(await running.ask('OPTIONS', '/search', {})).toMatchObject({ status: 204 });
    expect(await running.ask('POST', '/search', {})).toMatchObject({ status: 405 });
  });
});

describe.skipIf(!deno)('faults of a deploy to Netlify', () => {
  test.each(['index.json', 'columns', 'rows'])('%s is missing', async (which) => {
    await damaged((registry) => rmSync(indexFile(registry, which)), isUnavailable);
  });

  test.each(['index.json', 'columns', 'rows'])('%s is truncated', async (which) => {
    await damaged((registry) => rewrite(indexFile(registry, which), (bytes) => bytes.subarray(0, -9)), isUnavailable);
  });

  test('columns and rows are of two builds', async () => {
    await damaged((registry) => rewrite(indexFile(registry, 'rows'), otherBuild), isUnavailable);
  });

  test('without the precomputed answers all are composed', async () => {
    await damaged(
      (registry) => rmSync(join(registry, 'answers'), { recursive: true }),
      async (other) => {
        for (const name of ['base', 'fuzz']) expect(await askAll(other, sets.get(name) ?? [])).toEqual([]);
      },
    );
  });

  test('a zip is missing', async () => {
    await damaged((registry) => rmSync(join(registry, '..', ZIP)), isZipMissing);
  });
});

/** The emulation keeps about 10 MB of memory for each request until it ends, so it is started anew after so many. */
const MOST_REQUESTS = 200;

describe.skipIf(!hasNetlify)("Netlify's own emulation answers like the registry over the cases", () => {
  let projectRoot: string;
  beforeAll(async () => {
    projectRoot = await generate(folder, 'dev');
  });
  const emulated = async <T>(ask: (running: Running) => Promise<T>): Promise<T> => {
    const running = withoutPlatformHeaders(await startNetlifyDev(kit, { projectRoot, deno }));
    return await ask(running).finally(() => running.stop());
  };

  // It takes a fifth of a second a request, since it starts a process for each: some sets whole, a twentieth of the rest.
  test.each([...sets])('%s', async (name, all) => {
    const rows = ['routes', 'files'].includes(name) ? all : all.filter((_, i) => i % 20 === 0);
    const asked = askable(name, rows).map(withoutLength);
    for (let i = 0; i < asked.length; i += MOST_REQUESTS)
      expect(await emulated((running) => askAll(running, asked.slice(i, i + MOST_REQUESTS)))).toEqual([]);
  });

  test('a path with dot segments gets the answer of the clean one', async () => {
    const [dotted, clean] = [`/package/acme_web/../../search${QUERY}`, `/search${QUERY}`];
    await emulated(async (running) =>
      expect((await running.ask('GET', dotted, {})).body).toEqual((await running.ask('GET', clean, {})).body),
    );
  });

  test('a range of a file, whose server ignores ranges', async () => {
    await emulated(async (running) => {
      const whole = await running.ask('GET', ZIP, {});
      const part = await running.ask('GET', ZIP, { Range: 'bytes=100-299' });
      expect([part.status, part.body]).toEqual([206, whole.body.subarray(100, 300)]);
    });
  });

  test('the index, then a zip is missing', async () => {
    const projectRoot = await generate(folder, 'damaged-dev');
    const other = await startNetlifyDev(kit, { projectRoot, deno });
    rmSync(join(projectRoot, 'site', ZIP));
    await isZipMissing(other);
    rmSync(join(projectRoot, 'site/_registry/index.json'));
    await isUnavailable(other);
    await other.stop();
  });
});

describe('netlify.toml', () => {
  const own = readFileSync(here('../netlify.toml'), 'utf8');

  test('the one of a clone has the rules of the generated one', () => {
    expect(own.endsWith(siteRules(600))).toBe(true);
  });

  test.skipIf(!hasNetlify)('a clone is served as it is, by the function in TypeScript', async () => {
    const clone = join(work, 'clone');
    mkdirSync(clone);
    writeFileSync(join(clone, 'netlify.toml'), own);
    cpSync(here('../src'), join(clone, 'src'), { recursive: true });
    cpSync(await generate(folder, 'clone'), join(clone, 'dist/production.netlify'), { recursive: true });
    const running = withoutPlatformHeaders(await startNetlifyDev(kit, { projectRoot: clone, deno }));
    const rows = ['base', 'files', 'fuzz'].flatMap((name) => (sets.get(name) ?? []).filter((_, i) => i % 200 === 0));
    expect(await askAll(running, askable('clone', rows).map(withoutLength))).toEqual([]);
    await running.stop();
  });

  test.skipIf(!hasNetlify)('where the function is not in the way, rules give files their type and origin', async () => {
    const projectRoot = await generate(folder, 'plain');
    const withoutFunctions = { edgeFunctions: { enabled: false }, serverAddress: 'http://localhost' };
    const running = await startNetlifyDev(kit, { projectRoot, deno, ...withoutFunctions });
    const types = { 'docs/README.md': 'text/markdown; charset=utf-8', 'manifest.yml': 'text/yaml; charset=UTF-8' };
    for (const [file, type] of Object.entries(types)) {
      const { status, headers } = await running.ask('GET', `/package/acme_input/1.0.0/${file}`, {});
      expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, type, 'public, max-age=600']);
      expect(headers['access-control-allow-origin']).toBe('*');
    }
    await running.stop();
  });
});

test.skipIf(!deno)('the edge function has at most 40 kB', async () => {
  expect(statSync(join(await generate(folder, 'size'), 'edge-functions/registry.js')).size).toBeLessThanOrEqual(40_000);
});

test.skipIf(!deno)('every file that a client may ask for has a name that Netlify deploys', async () => {
  const root = join(await generate(folder, 'names'), 'site');
  const rows = (sets.get('files') ?? []).filter((row: RecordedRow) => row.s === 200);
  const odd = rows.filter(({ t }) => /%23|%3F|\/\.|%20/i.test(t));
  expect(odd.length).toBeGreaterThan(3);
  const paths = readdirSync(root, { recursive: true }).map(String);
  expect(paths.filter((path) => /[#?% ]|(^|\/)\.|[^\x20-\x7e]/.test(path))).toEqual([]);
});

const storage = sharedPath('package-storage.bundle', 'the comparison of Netlify over the real storage');
const recorded = sharedPath('recorded', 'the comparison of Netlify over the real storage');

test.skipIf(!deno || storage === undefined || recorded === undefined)(
  'under Deno.serve the edge function of Netlify answers like the registry over the real storage',
  async () => {
    const built = process.env['EPR_STATIC_SNAPSHOT']; // a site that is there already spares a build of two minutes
    const layers = ['production', 'staging', 'snapshot'];
    const real = built
      ? { folder: built, remove: () => undefined }
      : await buildSite(storage ?? '', { name: 'snapshot', layers });
    const running = await startEdgeFunction(deno, await generate(real.folder, 'snapshot'));
    const rows = recordedSets(`${recorded}/snapshot`);
    for (const name of ['base', 'fuzz', 'packages'])
      expect([name, await askAll(running, rows.get(name) ?? [])]).toEqual([name, []]);
    await running.stop();
    real.remove();
  },
);

const ZIP = '/epr/acme_web/acme_web-1.0.0.zip';
const QUERY = '?package=acme_web';

/** Asks the edge function over files that have been damaged. */
async function damaged(damage: (registry: string) => void, ask: (running: Running) => Promise<void>): Promise<void> {
  rmSync(join(work, 'damaged.netlify'), { recursive: true, force: true }); // else it counts as up to date
  const hostFolder = await generate(folder, 'damaged');
  damage(join(hostFolder, 'site/_registry'));
  const running = await startEdgeFunction(deno, hostFolder);
  await ask(running).finally(() => running.stop());
}

async function isUnavailable(running: Running): Promise<void> {
  for (const target of ['/search', '/search?all=true&kibana.version=7.1.0', '/categories', '/', ZIP])
    expect(brief(await running.ask('GET', target, {}))).toEqual([503, 'max-age=0, private, no-store', '*']);
  expect((await running.ask('GET', '/health', {})).status).toBe(200);
}

async function isZipMissing(running: Running): Promise<void> {
  const answered = await running.ask('GET', ZIP, {});
  expect(brief(answered)).toEqual([404, 'max-age=0, private, no-store', '*']);
  expect(answered.body.toString()).toBe('artifact not found\n');
  expect((await running.ask('GET', '/epr/acme_web/acme_web-1.10.0.zip', {})).status).toBe(200);
}

/** Status, cache rule and origin rule of an answer. */
function brief({ status, headers }: Response): unknown[] {
  return [status, headers['cache-control'], headers['access-control-allow-origin']];
}

function indexFile(registry: string, which: string): string {
  if (which === 'index.json') return join(registry, which);
  const names = JSON.parse(readFileSync(join(registry, 'index.json'), 'utf8')) as Record<string, string>;
  return join(registry, names[which] ?? '');
}

/** Writes a new file in the place of one that is linked to the site's. */
function rewrite(file: string, change: (bytes: Buffer) => Buffer): void {
  const bytes = change(readFileSync(file));
  rmSync(file);
  writeFileSync(file, bytes);
}

function otherBuild(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from('x'), bytes.subarray(1)]);
}
