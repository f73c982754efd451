import { createHash } from 'node:crypto';
import { Stop } from '../errors.ts';
import { objectKey, parseInventory, parsePointer, POINTER } from '../tree/store-form.ts';
import type { Inventory, KeptRelease, StoreHeader, StorePointer } from '../tree/store-form.ts';
import { readNamed } from './store.ts';
import type { ReadOnlyStore, Store } from './store.ts';

/** The pointer as it was read, and the tag by which it can be replaced. */
export interface ReadPointer {
  readonly pointer: StorePointer;
  readonly tag: string;
}

/** Reads the pointer of a store; undefined where nothing was published. Throws a `Stop` where it is no pointer. */
export async function readPointer(store: ReadOnlyStore): Promise<ReadPointer | undefined> {
  const found = await store.read(POINTER);
  if (!found) return undefined;
  try {
    return { pointer: parsePointer(found.bytes.toString('utf8')), tag: found.tag };
  } catch (error) {
    const problem = `${POINTER} in ${store.url} can't be read: ${(error as Error).message}`;
    throw new Stop('store-damaged', problem, 'it may be of a newer version of epr-static', error);
  }
}

/** The same, for commands that need a release. */
export async function requirePointer(store: ReadOnlyStore): Promise<ReadPointer> {
  const found = await readPointer(store);
  if (found) return found;
  throw new Stop('no-release', `nothing was published to ${store.url}`, 'publish a site to it first');
}

/** The inventory of a release. Throws a `Stop` where it is missing or damaged. */
export async function readInventory(store: ReadOnlyStore, { inventory: [digest] }: StoreHeader): Promise<Inventory> {
  const bytes = await readNamed(store, objectKey(digest), digest);
  try {
    return parseInventory(bytes.toString('utf8'));
  } catch (error) {
    const problem = `${objectKey(digest)} in ${store.url} can't be read: ${(error as Error).message}`;
    throw new Stop('store-damaged', problem, 'publish again, with --check', error);
  }
}

/** A change of the pointer: what differs from the one before. */
export type PointerChange = Partial<Pick<StorePointer, 'current' | 'releases' | 'header' | 'pruning' | 'forgotten'>>;

/** The pointer after a change. */
export function nextPointer(before: StorePointer, change: PointerChange): StorePointer {
  const { current, releases, forgotten, header } = { ...before, ...change };
  const { pruning } = change;
  return {
    format: 1,
    change: before.change + 1,
    current,
    releases,
    ...(pruning !== undefined && { pruning }),
    ...(forgotten !== undefined && { forgotten }),
    header,
  };
}

/**
 * The releases that a pointer keeps when another one becomes current by the next change: the store's clock tells since when the one before is not, to the second. Object stores
 * tell no more, so a finer time could lie ahead of what the next command is told.
 */
export function withCurrent({ releases, change }: StorePointer, current: string, now: number): KeptRelease[] {
  const left = new Date(now - (now % 1000)).toISOString();
  const others = releases.map((one) => {
    if (one.id === current) return { id: current };
    return one.left === undefined ? { ...one, left, until: change + 1 } : { until: change, ...one };
  });
  return others.some(({ id }) => id === current) ? others : [...others, { id: current }];
}

/** The change by which a release ceased to be current: at the latest the last one, where a program that doesn't know of `until` made it. */
export function lastChangeOf({ until }: KeptRelease, { change }: Pick<StorePointer, 'change'>): number {
  return until ?? change;
}

/**
 * Replaces the pointer by compare-and-swap. False where somebody else was faster. Where the answer was lost, the store tells whether it
 * was this one.
 */
export async function swapPointer(store: Store, pointer: StorePointer, tag: string | undefined): Promise<boolean> {
  const bytes = Buffer.from(`${JSON.stringify(pointer)}\n`);
  const cache = `public, max-age=${pointer.header.cache.index}`;
  const isOurs = async (): Promise<boolean> => (await store.read(POINTER))?.bytes.equals(bytes) ?? false;
  let isDone: boolean;
  try {
    isDone = await store.swap({ key: POINTER, bytes, type: 'application/json', cache }, tag);
  } catch (error) {
    if (error instanceof Stop && (await isOurs())) return true;
    throw error;
  }
  return isDone || (await isOurs());
}

/** The id of a release: it is of its header, so another one is another header. */
export function releaseId(header: StoreHeader): string {
  const digest = createHash('sha256').update(JSON.stringify(header)).digest('hex');
  return `${String(header.sequence).padStart(6, '0')}-${digest.slice(0, 12)}`;
}
