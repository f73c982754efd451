import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zipListing } from '../support/compare.ts';
import type { RecordedRow, Response } from '../support/compare.ts';
import { askAll, askUnrecorded, buildSite, recordedSets, sharedPath, UNRECORDED } from '../support/contract.ts';
import type { Running } from '../support/implementations.ts';
import { startWorker } from './cloudflare-host.ts';
import type { MiniflareKit } from './cloudflare-host.ts';
import { cloudflareSkips } from './cloudflare-skips.ts';
import { writeHostFolder } from './host-folder.ts';
import { npmKit } from './kit.ts';

const kit = npmKit<MiniflareKit>('miniflare') as MiniflareKit;
const here = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const sets = recordedSets(here('recorded/cases'));
const SIGNATURE = '/epr/acme_signed/acme_signed-1.0.0.zip.sig';
const work = mkdtempSync(join(tmpdir(), 'epr-static-cloudflare-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Generates the host's folder for a built site. */
async function generate(folder: string, name: string): Promise<string> {
  const hostFolder = join(work, `${name}.cloudflare`);
  const findings = await writeHostFolder('cloudflare', { folder, hostFolder, name: 'cases' });
  expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
  return hostFolder;
}

/** The rows that can be asked. */
function askable(rows: readonly RecordedRow[]): RecordedRow[] {
  return rows.filter((row) => !cloudflareSkips.some((skip) => skip.applies(row)));
}

test.skipIf(!kit)('at most 2% of the recorded requests are skipped, and none that matters', () => {
  const rows = [...sets.values()].flat();
  // The real storage's base, fuzz and packages are asked too; none of them is skipped.
  expect(skipped(rows) / (rows.length + 8483)).toBeLessThanOrEqual(0.02);
  for (const name of ['base', 'fuzz', 'packages', 'zips']) expect(skipped(sets.get(name) ?? [])).toBe(0);
  for (const { reason, applies } of cloudflareSkips)
    process.stderr.write(`cloudflare: ${rows.filter(applies).length} of ${rows.length} rows skipped: ${reason}\n`);
});

describe.skipIf(!kit)('Cloudflare answers like the registry over the cases', () => {
  let site: Awaited<ReturnType<typeof buildSite>>;
  let running: Running;
  beforeAll(async () => {
    site = await buildSite(here('cases'), { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' });
    running = await startWorker(kit, await generate(site.folder, 'cases'));
  });
  afterAll(async () => {
    await running.stop();
    site.remove();
  });

  test.each([...sets])('%s', async (_, rows) => {
    expect(await askAll(running, askable(rows))).toEqual([]);
  });

  test('requests that no recording holds, but for targets in absolute form, which the runtime refuses', async () => {
    const rows = UNRECORDED.filter(
      ({ what, t }) => what !== 'absolute form' && !(what === 'coding' && t.endsWith('.sig')),
    );
    expect(await askUnrecorded(running, rows)).toEqual([]);
  });

  test('asks not to compress signatures, which the local runtime does all the same', async () => {
    const { headers } = await running.ask('GET', SIGNATURE, { 'Accept-Encoding': 'gzip, br' });
    expect(headers['cache-control']).toBe('max-age=600, public, no-transform');
    expect((await running.ask('GET', SIGNATURE, {})).headers['cache-control']).toBe('max-age=600, public');
  });

  test('a path with dot segments gets the answer of the clean one', async () => {
    const answered = await running.ask('GET', '/package/acme_web/../../search?package=acme_web', {});
    expect(answered).toEqual(await running.ask('GET', '/search?package=acme_web', {}));
  });

  test('ETags are strong and honoured', async () => {
    for (const target of ['/', '/search', '/search?package=acme_web&category=x', '/epr/acme_web/acme_web-1.0.0.zip']) {
      const { headers } = await running.ask('GET', target, {});
      expect(headers['etag']).toMatch(/^"[^"]+"$/);
      const again = await running.ask('GET', target, { 'If-None-Match': headers['etag'] ?? '' });
      expect([again.status, again.body.length, again.headers['etag']]).toEqual([304, 0, headers['etag']]);
    }
  });

  test('a range counts only where the file is still the same', async () => {
    const target = '/epr/acme_web/acme_web-1.0.0.zip';
    const whole = await running.ask('GET', target, {});
    const same = { Range: 'bytes=5-9', 'If-Range': whole.headers['etag'] ?? '' };
    expect((await running.ask('GET', target, same)).body).toEqual(whole.body.subarray(5, 10));
    expect((await running.ask('GET', target, { ...same, 'If-Range': '"other"' })).body).toEqual(whole.body);
  });

  test('zips are never compressed', async () => {
    const accepting = { 'Accept-Encoding': 'gzip, br, zstd' };
    const { headers, body } = await running.ask('GET', '/epr/acme_web/acme_web-1.0.0.zip', accepting);
    expect([headers['content-encoding'], headers['content-length']]).toEqual([undefined, String(body.length)]);
    expect(zipListing(body)).toContain('acme_web-1.0.0/manifest.yml');
  });

  test('other methods', async () => {
    expect(await running.ask('OPTIONS', '/search', {})).toMatchObject({ status: 204 });
    expect(await running.ask('POST', '/search', {})).toMatchObject({ status: 405 });
  });

  describe('faults', () => {
    test.each(['index.json', 'columns', 'rows'])('%s is missing', async (which) => {
      await damaged(site.folder, (registry) => rmSync(indexFile(registry, which)), isUnavailable);
    });

    test.each(['index.json', 'columns', 'rows'])('%s is truncated', async (which) => {
      await damaged(
        site.folder,
        (registry) => rewrite(indexFile(registry, which), (bytes) => bytes.subarray(0, -9)),
        isUnavailable,
      );
    });

    test('columns and rows are of two builds', async () => {
      await damaged(site.folder, (registry) => rewrite(indexFile(registry, 'rows'), otherBuild), isUnavailable);
    });

    test('without the precomputed answers all are composed', async () => {
      await damaged(
        site.folder,
        (registry) => rmSync(join(registry, 'answers'), { recursive: true }),
        async (other) => {
          for (const name of ['base', 'fuzz']) expect(await askAll(other, sets.get(name) ?? [])).toEqual([]);
        },
      );
    });

    test('a zip is missing', async () => {
      await damaged(
        site.folder,
        (registry) => rmSync(zipAsset(registry)),
        async (other) => {
          const answered = await other.ask('GET', '/epr/acme_web/acme_web-1.0.0.zip', {});
          expect(brief(answered)).toEqual([404, 'max-age=0, private, no-store', '*']);
          expect(answered.body.toString()).toBe('artifact not found\n');
          expect((await other.ask('GET', '/epr/acme_web/acme_web-1.10.0.zip', {})).status).toBe(200);
        },
      );
    });

    test('a zip that is shorter than it should be is broken off, not ended', async () => {
      await damaged(
        site.folder,
        (registry) => rewrite(zipAsset(registry), (bytes) => bytes.subarray(0, 99)),
        async (other) => {
          await expect(other.ask('GET', '/epr/acme_web/acme_web-1.0.0.zip', {})).rejects.toThrow(/aborted|hang up/);
        },
      );
    });
  });
});

const bundle = sharedPath('package-storage.bundle', 'the comparison of Cloudflare over the real storage');
const recorded = sharedPath('recorded', 'the comparison of Cloudflare over the real storage');

test.skipIf(!kit || bundle === undefined || recorded === undefined)(
  'Cloudflare answers like the registry over the real storage',
  async () => {
    const built = process.env['EPR_STATIC_SNAPSHOT']; // a site that is there already spares a build of two minutes
    const layers = ['production', 'staging', 'snapshot'];
    const site = built
      ? { folder: built, remove: () => undefined }
      : await buildSite(bundle ?? '', { name: 'snapshot', layers });
    const running = await startWorker(kit, await generate(site.folder, 'snapshot'));
    const real = recordedSets(`${recorded}/snapshot`);
    for (const name of ['base', 'fuzz', 'packages'])
      expect([name, await askAll(running, askable(real.get(name) ?? []))]).toEqual([name, []]);
    await running.stop();
    site.remove();
  },
);

function skipped(rows: readonly RecordedRow[]): number {
  return rows.length - askable(rows).length;
}

/** Asks a Worker over a site's assets after they have been damaged. */
async function damaged(
  folder: string,
  damage: (registry: string) => void,
  ask: (running: Running) => Promise<void>,
): Promise<void> {
  rmSync(join(work, 'damaged.cloudflare'), { recursive: true, force: true }); // else it counts as up to date
  const hostFolder = await generate(folder, 'damaged');
  damage(join(hostFolder, 'assets/_registry'));
  const running = await startWorker(kit, hostFolder);
  await ask(running).finally(() => running.stop());
}

async function isUnavailable(running: Running): Promise<void> {
  for (const target of ['/search', '/search?all=true&kibana.version=7.1.0', '/categories', '/', '/epr/a/a-1.0.0.zip'])
    expect(brief(await running.ask('GET', target, {}))).toEqual([503, 'max-age=0, private, no-store', '*']);
  expect((await running.ask('GET', '/health', {})).status).toBe(200);
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

function zipAsset(registry: string): string {
  const list = JSON.parse(readFileSync(join(registry, 'files/acme_web/1.0.0.json'), 'utf8')) as { zip: string[] };
  return join(registry, 'content', list.zip[1] ?? '');
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
