import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { storeHandler } from '../../src/hosts/fetch/store-handler.ts';
import type { StoreReader } from '../../src/hosts/fetch/store-files.ts';
import { folderReader } from '../../src/hosts/node/folder-reader.ts';
import { siteServer } from '../../src/hosts/node/http.ts';
import { nodeStoreFiles } from '../../src/hosts/node/node-files.ts';
import { nodeSite } from '../../src/hosts/node/server.ts';
import { openReader } from '../../src/publish/open-store.ts';
import { readInventory, requirePointer } from '../../src/publish/pointer.ts';
import { prune } from '../../src/publish/prune.ts';
import { publishSite } from '../../src/publish/publish.ts';
import { objectKey } from '../../src/tree/store-form.ts';
import { run, startServer } from '../support/cli.ts';
import { buildSites, folderPlace, home, publish, sites, storeKinds } from '../support/places.ts';
import type { Place } from '../support/places.ts';

/* A reader of a store notices a new release within its cache time, and goes on with the last good one where the new one can't be read. */

buildSites();
afterEach(() => void vi.useRealTimers());

const README = '/package/acme/1.0.0/docs/README.md';
const ZIP = '/epr/acme/acme-1.0.0.zip';
/** Milliseconds: more than the cache time of the sites. */
const LATER = 11_000;

interface Reader {
  /** Status and the first letters of the body. */
  ask(target: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  readonly log: string[];
  stop(): void;
}

const READERS: Readonly<Record<string, (store: StoreReader) => Promise<Reader>>> = {
  'the fetch handler': async (store) => {
    const log: string[] = [];
    const handler = storeHandler(store, (line) => log.push(line));
    const ask: Reader['ask'] = async (target, headers = {}) => {
      const response = await handler(new Request(`http://localhost${target}`, { headers }));
      return shown(response.status, await response.text());
    };
    return { ask, log, stop: () => undefined };
  },
  serve: async (store) => {
    const log: string[] = [];
    const server = siteServer(
      nodeSite(
        nodeStoreFiles(store, (line) => log.push(line)),
        (line) => log.push(line),
      ),
    );
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const ask: Reader['ask'] = (path, headers = {}) =>
      new Promise((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
          response.on('end', () => resolve(shown(response.statusCode ?? 0, Buffer.concat(chunks).toString('latin1'))));
        });
        asked.on('error', reject).end();
      });
    return { ask, log, stop: () => void server.close() };
  },
};

function shown(status: number, body: string): string {
  return `${status} ${body.slice(0, 3)}`;
}

function pass(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

describe.each(storeKinds())('over a %s', (_, placeOf) => {
  test.each(Object.keys(READERS))(
    '%s notices a new release when the cache time is over, and goes on with the old one where that can not be read',
    async (name) => {
      const place = placeOf(`read-${name.length}`);
      const store = await place.store();
      await publish(place, 'one');
      const [endpoint] = place.options.slice(1);
      const reader = await READERS[name]!(await openReader(place.url, { endpoint }));
      expect(await reader.ask(README)).toBe('200 one');
      pass(LATER);
      expect(await reader.ask(README)).toBe('200 one');
      await publish(place, 'two');
      expect(await reader.ask(README)).toBe('200 one');
      pass(LATER);
      expect(await reader.ask(README)).toBe('200 two');
      await publish(place, 'three');
      const inventory = (await requirePointer(store)).pointer.header.inventory[0];
      await store.remove([objectKey(inventory)]);
      pass(LATER);
      expect(reader.log).toEqual([]);
      expect(await reader.ask(README)).toBe('200 two');
      expect(reader.log).toEqual([expect.stringContaining(inventory) as string]);
      reader.stop();
    },
  );
});

describe.each(Object.keys(READERS))('%s', (name) => {
  test('goes on to the next release where that before is pruned, before its cache time is over', async () => {
    const place = folderPlace(`pruned-${name.length}`);
    const store = await place.store();
    await publish(place, 'one');
    const reader = await READERS[name]!(folderReader(place.url));
    expect(await reader.ask('/search')).toContain('200');
    await publish(place, 'two');
    await prune(store, { keep: 0, olderThan: 0, grace: 0 });
    pass(1_500);
    for (const [target, told] of [
      [ZIP, '200 PK\u0003'],
      [README, '200 two'],
    ] as const)
      expect([await reader.ask(target), reader.log]).toEqual([told, []]);
    reader.stop();
  });

  test("stays with the release that it has while the pointer is none, or doesn't come", async () => {
    const place = folderPlace(`pointer-${name.length}`);
    await publish(place, 'one');
    const folder = folderReader(place.url);
    let wait: Promise<void> | undefined;
    const reader = await READERS[name]!({
      ...folder,
      read: async (key) => {
        if (key === 'current.json') await wait;
        return await folder.read(key);
      },
    });
    expect(await reader.ask(README)).toBe('200 one');
    await publish(place, 'two');
    const pointer = join(place.url, 'current.json');
    const whole = readFileSync(pointer);
    for (const text of [
      '',
      '{',
      'null',
      String(whole).slice(0, -9),
      String(whole).replace('"format":1', '"format":2'),
    ]) {
      writeFileSync(pointer, text);
      pass(LATER);
      reader.log.length = 0;
      expect([await reader.ask(README), reader.log]).toEqual(['200 one', [expect.stringContaining('current.json')]]);
    }
    writeFileSync(pointer, whole);
    let come: (() => void) | undefined;
    wait = new Promise<void>((done) => (come = done));
    pass(LATER);
    expect(await reader.ask(README)).toBe('200 one');
    come?.();
    wait = undefined;
    await vi.waitFor(async () => {
      pass(LATER);
      expect(await reader.ask(README)).toBe('200 two');
    });
    reader.stop();
  });
});

/** A folder to which sites one and two were published, and the objects that only the second needs. */
async function twoReleases(name: string): Promise<{ place: Place; added: string[]; inventory: string; zip: string }> {
  const place = folderPlace(name);
  const store = await place.store();
  const publishNow = async (site: 'one' | 'two'): Promise<Awaited<ReturnType<typeof facts>>> => {
    await publishSite({ folder: sites[site], store, check: false, dryRun: false, onProgress: () => undefined });
    return await facts();
  };
  const facts = async () => {
    const { header } = (await requirePointer(store)).pointer;
    return { header, ...(await readInventory(store, header)) };
  };
  const [one, two] = [await publishNow('one'), await publishNow('two')];
  const known = new Set(one.objects.map(([digest]) => digest));
  const zip = two.objects[two.revisions['acme/1.0.0']?.zip ?? -1]?.[0] ?? '';
  const added = two.objects.map(([digest]) => digest).filter((digest) => !known.has(digest) && digest !== zip);
  return { place, added, inventory: two.header.inventory[0], zip };
}

const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  missing: (file) => rmSync(file),
  'cut off': (file) => truncateSync(file, readFileSync(file).length - 1),
  altered: (file) => {
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
  },
};

describe.each(Object.keys(READERS))('%s', (name) => {
  const start = async (place: Place): Promise<Reader> => await READERS[name]!(folderReader(place.url));

  test.each(Object.keys(DAMAGES))(
    'stays with the release before while any object of the new one is %s',
    async (how) => {
      const { place, added, inventory, zip } = await twoReleases(`stay-${name.length}-${how.length}`);
      const now = readFileSync(join(place.url, 'current.json'));
      expect(added.length).toBeGreaterThan(1);
      for (const digest of [inventory, ...added]) {
        const file = join(place.url, objectKey(digest));
        const whole = readFileSync(file);
        writeFileSync(join(place.url, 'current.json'), pointerBefore(place.url, now));
        const reader = await start(place);
        expect(await reader.ask(README)).toBe('200 one');
        DAMAGES[how]!(file);
        writeFileSync(join(place.url, 'current.json'), now);
        pass(LATER);
        expect([await reader.ask(README), reader.log]).toEqual(['200 one', [expect.stringContaining(digest)]]);
        writeFileSync(file, whole);
        pass(LATER);
        expect(await reader.ask(README)).toBe('200 two');
        reader.stop();
      }
      const reader = await start(place);
      DAMAGES[how]!(join(place.url, objectKey(zip)));
      for (const headers of [{}, { range: 'bytes=0-1' }]) {
        reader.log.length = 0;
        expect([await reader.ask(ZIP, headers), reader.log]).toEqual(['503 a f', [expect.stringContaining(zip)]]);
      }
      reader.stop();
    },
  );

  test('begins with the newest release that can be read; without one, it is a 503', async () => {
    const { place, inventory } = await twoReleases(`begin-${name.length}`);
    const store = await place.store();
    await store.remove([objectKey(inventory)]);
    const reader = await start(place);
    expect([await reader.ask(README), reader.log]).toEqual(['200 one', [expect.stringContaining(inventory)]]);
    rmSync(join(place.url, 'objects'), { recursive: true });
    const other = await start(place);
    expect([await other.ask(README), await other.ask('/health')]).toEqual(['503 the', '200 ']);
    expect(other.log.length).toBeGreaterThan(1);
    reader.stop();
    other.stop();
  });

  test('each answer is wholly of one release while releases take turns', async () => {
    const place = folderPlace(`turns-${name.length}`);
    const store = await place.store();
    const targets = [README, '/search?all=true', '/package/acme/1.0.0/', ZIP, '/_registry/release.json'];
    const turn = async (site: 'one' | 'two'): Promise<void> =>
      void (await publishSite({
        folder: sites[site],
        store,
        check: false,
        dryRun: false,
        onProgress: () => undefined,
      }));
    const fresh = async (site: 'one' | 'two'): Promise<string> => {
      await turn(site);
      const reader = await start(place);
      const told = JSON.stringify(await Promise.all(targets.map((target) => reader.ask(target))));
      reader.stop();
      return told;
    };
    const allowed = new Set([await fresh('one'), await fresh('two')]);
    const reader = await start(place);
    for (let round = 0; round < 12; round++) {
      pass(LATER);
      const asked = Promise.all(targets.map((target) => reader.ask(target)));
      const [told] = await Promise.all([asked, turn(round % 2 === 0 ? 'one' : 'two')]);
      // Each is of one release; together they may be of two.
      for (const [i, one] of told.entries())
        expect([...allowed].map((view) => (JSON.parse(view) as string[])[i])).toContain(one);
    }
    expect(reader.log).toEqual([]);
    reader.stop();
  });
});

/** The pointer as it was before the last release. */
function pointerBefore(folder: string, now: Buffer): Buffer {
  const { releases, ...rest } = JSON.parse(String(now)) as { releases: { id: string }[] };
  const [{ id } = { id: '' }] = releases;
  const header: unknown = JSON.parse(readFileSync(join(folder, 'releases', `${id}.json`), 'utf8'));
  return Buffer.from(JSON.stringify({ ...rest, current: id, releases: [{ id }], header }));
}

test('serve --store', async () => {
  const place = folderPlace('served');
  await publish(place, 'one');
  const server = await startServer(['--store', place.url], { cwd: home });
  expect(server.greeting).toContain(`Serving ${place.url} at http://localhost:`);
  expect(await (await fetch(server.url + README)).text()).toBe('one '.repeat(99));
  await server.stop();
  expect(await refused('--store', 'nowhere')).toMatch(/nothing was published to nowhere[^]*publish a site to it first/);
  expect(await refused('--store', place.url, '--dist', 'all')).toMatch(/--store.*cannot be used with.*--dist/);
  expect(await refused('--store', 'ftp://x')).toMatch(/ftp:\/\/x is no store[^]*s3:/);
});

test('reader writes a program for a bucket', async () => {
  const written = await run(['reader', 'lambda', '--at', 's3://packages/some/where', '--out', 'function'], {
    cwd: home,
  });
  expect(written).toMatchObject({ status: 0, stderr: '' });
  expect(written.stdout).toContain('STORE=s3://packages/some/where');
  expect(readFileSync(join(home, 'function/index.mjs')).length).toBeLessThan(100_000);
  const ended = await run(['reader', 'cloudflare', '--at', 'folder'], { cwd: home });
  expect(ended).toMatchObject({ status: 2, stderr: expect.stringMatching(/folder is no bucket[^]*s3:/) as string });
});

/** What is said where a server can't start. */
async function refused(...args: string[]): Promise<string> {
  const ended = await run(['serve', '--port', '0', ...args], { cwd: home });
  expect(ended).toMatchObject({ status: 2, stdout: '' });
  return ended.stderr;
}
