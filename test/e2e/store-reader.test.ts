import { afterEach, describe, expect, test, vi } from 'vitest';
import { fetchHandler } from '../../src/hosts/fetch/handler.ts';
import { storeFiles } from '../../src/hosts/fetch/store-files.ts';
import { objectKey } from '../../src/tree/store-form.ts';
import { readPointer } from '../../src/publish/pointer.ts';
import { buildSites, publish, storeKinds } from '../support/places.ts';

/* A reader of a store notices a new release within its cache time, and goes on with the last good one where the new one can't be read. */

buildSites();
afterEach(() => void vi.useRealTimers());

const README = 'http://localhost/package/acme/1.0.0/docs/README.md';
/** Milliseconds: more than the cache time of the sites. */
const LATER = 11_000;

describe.each(storeKinds())('over a %s', (_, placeOf) => {
  test('a new release is noticed when the cache time is over, and one that can not be read is not', async () => {
    const place = placeOf('read');
    const store = await place.store();
    const log: string[] = [];
    const handler = fetchHandler(
      storeFiles(store, (line) => log.push(line)),
      (line) => log.push(line),
    );
    const readme = async (): Promise<string> => {
      const response = await handler(new Request(README));
      return `${response.status} ${(await response.text()).slice(0, 3)}`;
    };
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    expect(await readme()).toMatch(/^503/);
    await publish(place, 'one');
    vi.setSystemTime(Date.now() + LATER);
    expect(await readme()).toBe('200 one');
    await publish(place, 'two');
    expect(await readme()).toBe('200 one');
    vi.setSystemTime(Date.now() + LATER);
    expect(await readme()).toBe('200 two');
    await publish(place, 'three');
    const inventory = (await readPointer(store))?.pointer.header.inventory[0] ?? '';
    await store.remove([objectKey(inventory)]);
    vi.setSystemTime(Date.now() + LATER);
    log.length = 0;
    expect(await readme()).toBe('200 two');
    expect(log).toEqual([expect.stringContaining(inventory) as string]);
  });
});
