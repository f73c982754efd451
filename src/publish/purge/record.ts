import { createHash } from 'node:crypto';
import { Stop } from '../../errors.ts';
import { PURGES } from '../../tree/store-form.ts';
import type { StorePointer } from '../../tree/store-form.ts';
import { lastChangeOf, readPointer } from '../pointer.ts';
import type { ReadOnlyStore, Store } from '../store.ts';

/*
 * Up to which change of the pointer each CDN was purged, in the store itself: a purge that was killed, or that nobody asked for, is made up
 * for by the next one. The record is written before a release becomes current, and again after a purge.
 */

/** A site at a CDN. */
export interface PurgedSite {
  readonly cdn: string;
  readonly site: string;
}

interface PurgeRecord extends PurgedSite {
  readonly format: 1;
  /** What caches hold is of no release that ceased to be current with this change of the pointer, or before. */
  readonly change: number;
}

/** Notes which releases caches may hold already, where nothing is known: the current one, as those before it are somebody else's care. */
export async function beginPurges(store: Store, at: PurgedSite): Promise<void> {
  if ((await readRecord(store, at)) !== undefined) return;
  await writeRecord(store, at, (await readPointer(store))?.pointer.change ?? 0);
}

/** Notes that caches hold nothing of the releases before that of a pointer. */
export async function endPurge(store: Store, at: PurgedSite, { change }: StorePointer): Promise<void> {
  await writeRecord(store, at, change);
}

/**
 * The releases whose answers caches may hold besides those of the current one, the oldest first; undefined where nobody knows, for example
 * because one of them was pruned.
 */
export async function unpurged(
  store: ReadOnlyStore,
  at: PurgedSite,
  pointer: StorePointer,
): Promise<readonly string[] | undefined> {
  const { releases, current, forgotten = 0 } = pointer;
  const since = (await readRecord(store, at)) ?? 0;
  if (since === 0 || forgotten > since) return undefined;
  return releases.filter((one) => one.id !== current && lastChangeOf(one, pointer) > since).map(({ id }) => id);
}

async function readRecord(store: ReadOnlyStore, at: PurgedSite): Promise<number | undefined> {
  const found = await store.read(keyOf(at));
  if (!found) return undefined;
  const change = changeIn(found.bytes.toString('utf8'));
  if (change !== undefined) return change;
  throw new Stop(
    'store-damaged',
    `${keyOf(at)} in ${store.url} is no record of a purge`,
    'remove this object, and run purge with --all',
  );
}

function changeIn(text: string): number | undefined {
  try {
    const { format, change } = JSON.parse(text) as Partial<PurgeRecord>;
    return format === 1 && Number.isSafeInteger(change) ? change : undefined;
  } catch {
    return undefined; // parsing alone
  }
}

async function writeRecord(store: Store, at: PurgedSite, change: number): Promise<void> {
  const record: PurgeRecord = { format: 1, ...at, change };
  const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
  await store.put({ key: keyOf(at), bytes, type: 'application/json', cache: 'no-store' }, { replace: true });
}

function keyOf({ cdn, site }: PurgedSite): string {
  return `${PURGES}${createHash('sha256').update(`${cdn} ${site}`).digest('hex').slice(0, 32)}.json`;
}
