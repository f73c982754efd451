import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publishSite } from '../../src/publish/publish.ts';
import { openStore } from '../../src/publish/open-store.ts';
import { readInventory, requirePointer } from '../../src/publish/pointer.ts';
import { objectKey } from '../../src/tree/store-form.ts';
import type { RecordedRow } from '../support/compare.ts';
import { askAll, askUnrecorded, buildSite, recordedSets, UNRECORDED } from '../support/contract.ts';
import type { BuiltSite } from '../support/contract.ts';
import { packageFiles, under, writeFiles } from '../support/repository.ts';
import { hasVersitygw, startVersitygw } from '../support/versitygw.ts';
import type { ObjectStore } from '../support/versitygw.ts';
import { cloudflareSkips } from './cloudflare-skips.ts';
import { npmKit } from './kit.ts';
import { startR2Worker, startS3Function } from './store-hosts.ts';
import type { R2Kit, RunningOverStore } from './store-hosts.ts';

/* Programs that answer from a store: a Worker over R2, and a Lambda function over S3. */

const kit = npmKit<R2Kit>('miniflare') as R2Kit;
const hasStore = hasVersitygw();
const here = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const sets = recordedSets(here('recorded/cases'));
const work = mkdtempSync(join(tmpdir(), 'epr-static-stores-'));
const ZIP = '/epr/acme_web/acme_web-1.0.0.zip';
const LARGE_ZIP = '/epr/acme/acme-1.0.0.zip';
let site: BuiltSite;
/** Another one, with a zip that is too large for the memory of some hosts. */
let large: BuiltSite;
let bucket: ObjectStore;

beforeAll(async () => {
  site = await buildSite(here('cases'), { name: 'cases', layers: ['zips', 'first', 'second'], packages: '.' });
  const files = packageFiles('acme', '1.0.0', { 'docs/x': randomBytes(9 * 2 ** 20) });
  writeFiles(work, under('storage/main/packages', files));
  large = await buildSite(join(work, 'storage'), { name: 'cases', layers: ['main'] });
  if (hasStore) bucket = await startVersitygw();
});
afterAll(() => {
  bucket?.stop();
  site.remove();
  large.remove();
  rmSync(work, { recursive: true, force: true });
});

async function publish(folder: string, name: string): Promise<string> {
  const url = join(work, name);
  const store = await openStore(url, {}, () => undefined);
  await publishSite({ folder, store, check: false, dryRun: false, onProgress: () => undefined });
  // Readers look at the pointer for each request.
  const pointer = join(url, 'current.json');
  writeFileSync(pointer, readFileSync(pointer, 'utf8').replace('"cache":{"index":10,', '"cache":{"index":0,'));
  return url;
}

const HOSTS: readonly (readonly [name: string, isHere: boolean, start: (test: string) => Promise<RunningOverStore>])[] =
  [
    ['a Worker over R2', Boolean(kit), () => startR2Worker(kit, join(work, 'worker'))],
    ['a Lambda function that streams', hasStore, (name) => startS3Function(bucket, 'streamed', `streamed-${name}`)],
    ['a Lambda function', hasStore, (name) => startS3Function(bucket, 'buffered', `buffered-${name}`)],
  ];

/** The key of a zip in a store. */
async function zipKey(folder: string, revision: string): Promise<string> {
  const store = await openStore(folder, {}, () => undefined);
  const { objects, revisions } = await readInventory(store, (await requirePointer(store)).pointer.header);
  return objectKey(objects[revisions[revision]?.zip ?? -1]?.[0] ?? '');
}

/** Status and bytes of an answer. */
async function told(running: RunningOverStore, target: string): Promise<string> {
  const { status, body } = await running.ask('GET', target, {});
  return shown(status, body);
}

function shown(status: number, body: Buffer): string {
  return `${status} ${createHash('sha256').update(body).digest('hex')}`;
}

const TOO_LARGE = Buffer.from('the answer is too large for this server\n');

/** The rows that can be asked: these hosts clean paths before the program runs, as a Worker over assets knows them. */
function askable(rows: readonly RecordedRow[]): RecordedRow[] {
  return rows.filter((row) => !cloudflareSkips.some((skip) => skip.applies(row)));
}

for (const [name, isHere, start] of HOSTS)
  describe.skipIf(!isHere)(name, () => {
    let running: RunningOverStore;
    let store: string;
    beforeAll(async () => {
      running = await start('cases');
      store = await publish(site.folder, 'cases');
      await running.fill(store);
    });
    afterAll(() => running.stop());

    test.each([...sets])('answers like the registry: %s', async (_, rows) => {
      expect(await askAll(running, askable(rows))).toEqual([]);
    });

    test('requests that no recording holds', async () => {
      const rows = UNRECORDED.filter(
        ({ what, t }) => what !== 'absolute form' && !(what === 'coding' && t.endsWith('.sig')),
      );
      expect(await askUnrecorded(running, rows)).toEqual([]);
    });

    test('a large zip, and releases that take turns: each answer is of one of them', async () => {
      const other = await publish(large.folder, `large-${HOSTS.findIndex(([one]) => one === name)}`);
      const targets = ['/search?all=true', '/_registry/release.json', '/package/acme/1.0.0/manifest.yml'];
      const views: string[][] = [];
      for (const folder of [store, other]) {
        await running.fill(folder);
        views.push(await Promise.all(targets.map((target) => told(running, target))));
      }
      expect(views[0]).not.toEqual(views[1]);
      for (let turn = 0; turn < 6; turn++) {
        const asked = Promise.all([...targets, ...targets].map((target) => told(running, target)));
        const [got] = await Promise.all([asked, running.fill(turn % 2 === 0 ? store : other)]);
        for (const [i, one] of got.entries())
          expect(views.map((view) => view[i % targets.length]).includes(one)).toBe(true);
      }
      const zip = readFileSync(join(large.folder, LARGE_ZIP));
      const isWhole = name !== 'a Lambda function';
      expect(await told(running, LARGE_ZIP)).toBe(isWhole ? shown(200, zip) : shown(503, TOO_LARGE));
      const part = await running.ask('GET', LARGE_ZIP, { Range: 'bytes=9000000-9000009' });
      expect([part.status, part.body.equals(zip.subarray(9_000_000, 9_000_010))]).toEqual([206, true]);
      const key = await zipKey(other, 'acme/1.0.0');
      writeFileSync(join(other, key), zip.toReversed());
      await running.fill(other, key);
      expect((await running.ask('GET', LARGE_ZIP, { Range: 'bytes=0-9' })).status).toBe(503);
      await running.fill(store);
    });

    test('a pointer that is none leaves the last good release', async () => {
      const pointer = join(store, 'current.json');
      const whole = readFileSync(pointer);
      const before = await told(running, ZIP);
      for (const text of ['', 'null', String(whole).slice(0, -9)]) {
        writeFileSync(pointer, text);
        await running.fill(store);
        expect(await told(running, ZIP)).toBe(before);
      }
      writeFileSync(pointer, whole);
      await running.fill(store);
    });

    test.each([
      ['cut off', (file: string) => truncateSync(file, readFileSync(file).length - 1)],
      ['altered', (file: string) => writeFileSync(file, readFileSync(file).toReversed())],
    ])('a zip that is %s is a 503', async (_, damage) => {
      const key = await zipKey(store, 'acme_web/1.0.0');
      const whole = readFileSync(join(store, key));
      damage(join(store, key));
      await running.fill(store, key);
      for (const headers of [{}, { Range: 'bytes=0-9' }])
        expect((await running.ask('GET', ZIP, headers)).status).toBe(503);
      writeFileSync(join(store, key), whole);
      await running.fill(store, key);
      expect((await running.ask('GET', ZIP, {})).body.equals(whole)).toBe(true);
    });
  });
