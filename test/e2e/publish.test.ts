import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { publishSite } from '../../src/publish/publish.ts';
import type { Store } from '../../src/publish/store.ts';
import { objectKey, POINTER, RELEASES } from '../../src/tree/store-form.ts';
import { listing, run } from '../support/cli.ts';
import { buildSites, folderPlace, home, publish, sites, storeKinds } from '../support/places.ts';
import type { Place } from '../support/places.ts';
import { filesOfSite, viewOf } from '../support/store.ts';

/* `publish` sends a site to a store, folder or bucket, so that a reader sees one release or the next one. */

buildSites();

async function put(place: Place, key: string, text: string): Promise<void> {
  const object = { key, bytes: Buffer.from(text), type: 'text/plain', cache: 'none' };
  await (await place.store()).put(object, { replace: true });
}

describe.each(storeKinds())('to a %s', (_, placeOf) => {
  test('a site is published whole, and again only as far as it changed', async () => {
    const place = placeOf('whole');
    const dry = await publish(place, 'one', '--dry-run');
    expect(await viewOf(await place.store())).toEqual([]);
    const first = await publish(place, 'one');
    expect(first.outcome).toBe('published');
    expect([dry.traffic, dry.sent]).toEqual([first.traffic, first.sent]);
    expect(await viewOf(await place.store())).toEqual(await filesOfSite(sites.one));
    const same = await publish(place, 'one');
    expect([same.outcome, same.traffic]).toEqual(['unchanged', { gets: 1, puts: 0, lists: 0, deletes: 0, sent: 0 }]);
    const second = await publish(place, 'two');
    expect([second.before, second.traffic.puts, second.traffic.gets]).toEqual([first.release, 6, 2]);
    expect(await viewOf(await place.store())).toEqual(await filesOfSite(sites.two));
  });

  test('what an earlier run has sent is not sent again', async () => {
    const place = placeOf('resumed');
    const store = await place.store();
    const failing = new Proxy(store, {
      get: (target, name) => (name === 'swap' ? () => Promise.reject(new Error('killed')) : bound(target, name)),
    });
    const steps: (readonly [done: number, total: number])[] = [];
    const onProgress = (done: number, total: number): void => void steps.push([done, total]);
    const options = { folder: sites.one, check: false, dryRun: false, onProgress };
    await expect(publishSite({ ...options, store: failing })).rejects.toThrow('killed');
    const [done = 0, total] = steps.at(-1) ?? [];
    expect([steps.length, done > 0, total]).toEqual([2, true, done]);
    expect(await viewOf(store)).toEqual([]);
    expect(await publishSite({ ...options, store })).toMatchObject({ outcome: 'published', sent: { objects: 0 } });
    expect(steps.length).toBe(2); // what is there already is no progress, and no part of the whole
    expect(await viewOf(store)).toEqual(await filesOfSite(sites.one));
  });

  test('of two publishers at once, one wins, and the other says so', async () => {
    const place = placeOf('race');
    await publish(place, 'one');
    const store = await place.store();
    const late = new Proxy(store, {
      get: (target, name) => {
        if (name !== 'swap') return bound(target, name);
        return async (...args: Parameters<Store['swap']>) => {
          await publish(place, 'two');
          return await target.swap(...args);
        };
      },
    });
    const options = { folder: sites.three, check: false, dryRun: false, onProgress: () => undefined };
    await expect(publishSite({ ...options, store: late })).rejects.toMatchObject({ code: 'lost-race' });
    expect(await viewOf(store)).toEqual(await filesOfSite(sites.two));
    expect((await publish(place, 'three')).outcome).toBe('published');
    expect(await viewOf(store)).toEqual(await filesOfSite(sites.three));
  });

  test('--check sends again what the store has lost', async () => {
    const place = placeOf('checked');
    await publish(place, 'one');
    const store = await place.store();
    const { objects } = JSON.parse(String((await store.read(objectKey(await inventoryIn(store))))?.bytes)) as {
      objects: [string, number][];
    };
    await store.remove([objectKey(objects[0]?.[0] ?? '')]);
    await put(place, objectKey(objects[1]?.[0] ?? ''), 'cut');
    expect(await publish(place, 'one')).toMatchObject({ outcome: 'unchanged' });
    await expect(viewOf(store)).rejects.toThrow();
    expect(await publish(place, 'one', '--check')).toMatchObject({ outcome: 'mended', sent: { objects: 2 } });
    expect(await viewOf(store)).toEqual(await filesOfSite(sites.one));
    await store.remove([objectKey(await inventoryIn(store))]);
    expect(await publish(place, 'two')).toMatchObject({ outcome: 'published' });
    expect(await viewOf(store)).toEqual(await filesOfSite(sites.two));
  });

  test('what is no release of the site is refused', async () => {
    const place = placeOf('refused');
    await put(place, POINTER, '{"format":2}');
    const args = ['publish', '--dir', sites.one, '--to', place.url, '--json', ...place.options];
    const ended = await run(args, { cwd: home, env: place.env });
    expect([ended.status, JSON.parse(ended.stdout)]).toMatchObject([2, { error: { code: 'store-damaged' } }]);
  });
});

test('a folder holds no file but objects, headers and the pointer, and a damaged site is refused', async () => {
  const { url, store } = folderPlace('plain');
  await run(['publish', '--dir', sites.one, '--to', url], { cwd: home });
  const keys = listing(url).map((line) => JSON.parse(line.slice(0, line.lastIndexOf(' '))) as string);
  expect(keys.filter((key) => !/^objects\/[0-9a-f]{64}$/.test(key) && !key.startsWith(RELEASES))).toEqual([POINTER]);
  const zip = join(sites.three, 'epr/more/more-1.0.0.zip');
  const bytes = readFileSync(zip);
  rmSync(zip);
  writeFileSync(zip, 'damaged');
  const ended = await run(['publish', '--dir', sites.three, '--to', url], { cwd: home });
  expect(ended).toMatchObject({ status: 2, stderr: expect.stringContaining('[not-a-site]') as string });
  rmSync(zip);
  writeFileSync(zip, bytes);
  expect(await viewOf(await store())).toEqual(await filesOfSite(sites.one));
  expect(existsSync(join(url, `.${POINTER}.lock`))).toBe(false);
});

async function inventoryIn(store: Store): Promise<string> {
  const pointer = JSON.parse(String((await store.read(POINTER))?.bytes)) as { header: { inventory: [string] } };
  return pointer.header.inventory[0];
}

function bound(store: Store, name: string | symbol): unknown {
  const value = Reflect.get(store, name) as unknown;
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(store) : value;
}
