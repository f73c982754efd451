import { randomUUID } from 'node:crypto';
import { Stop } from '../errors.ts';
import { objectKey, OBJECTS, releaseKey, RELEASES } from '../tree/store-form.ts';
import type { KeptRelease, StorePointer } from '../tree/store-form.ts';
import { lastChangeOf, nextPointer, readInventory, requirePointer, swapPointer } from './pointer.ts';
import type { ReadPointer } from './pointer.ts';
import { readHeader } from './releases.ts';
import type { Listed, ReadOnlyStore, Store } from './store.ts';

/*
 * Removing old releases. First the pointer forgets them, and says that a prune is under way; then the objects go that no kept release needs;
 * last the pointer is cleared. A publisher that meets a prune takes the mark away, and looks again what the store has: so the prune stops
 * before its next request, and neither relies on what the other does. All times are of the store's clock.
 */

export interface PruneOptions {
  /** How many of the newest releases stay in any case, the current one besides. */
  readonly keep: number;
  /** Milliseconds: releases that were current since then stay. */
  readonly olderThan: number;
  /** Milliseconds for readers and publishers in flight: nothing goes that was current or changed since then. */
  readonly grace: number;
}

export interface PrunePlan {
  readonly keeps: readonly string[];
  readonly drops: readonly string[];
  /** Objects that go, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
}

/** What a prune would remove. Throws a `Stop` where a kept release can't be read: then nobody knows what it needs. */
export async function planPrune(store: ReadOnlyStore, options: PruneOptions): Promise<PrunePlan> {
  return (await decide(store, options)).plan;
}

/** Removes it. Throws a `Stop` where somebody else changed the store meanwhile; then the next prune removes the rest. */
export async function prune(store: Store, options: PruneOptions): Promise<PrunePlan> {
  const { plan, victims, releases, forgotten, before } = await decide(store, options);
  if (plan.drops.length === 0 && victims.length === 0 && before.pointer.pruning === undefined) return plan;
  const pruning = randomUUID();
  if (!(await swapPointer(store, nextPointer(before.pointer, { releases, forgotten, pruning }), before.tag)))
    throw changed(store);
  for (let i = 0; i < victims.length; i += BATCH) {
    await requireMark(store, pruning);
    await store.remove(victims.slice(i, i + BATCH).map(({ key }) => key));
  }
  const { pointer, tag } = await requireMark(store, pruning);
  if (!(await swapPointer(store, nextPointer(pointer, {}), tag))) throw changed(store);
  return plan;
}

/** Objects of one request. */
const BATCH = 500;

async function requireMark(store: Store, pruning: string): Promise<ReadPointer> {
  const found = await requirePointer(store);
  if (found.pointer.pruning !== pruning) throw changed(store);
  return found;
}

function changed(store: Store): Stop {
  return new Stop(
    'lost-race',
    `somebody else changed ${store.url} meanwhile`,
    'run it again: it goes on where it ended',
  );
}

interface Decision {
  readonly plan: PrunePlan;
  readonly victims: readonly Listed[];
  readonly releases: readonly KeptRelease[];
  readonly forgotten: number;
  readonly before: ReadPointer;
}

async function decide(store: ReadOnlyStore, options: PruneOptions): Promise<Decision> {
  const before = await requirePointer(store);
  const now = await store.now();
  const releases = keptReleases(before.pointer, options, now);
  const kept = new Set(releases.map(({ id }) => id));
  const dropping = before.pointer.releases.filter(({ id }) => !kept.has(id));
  const drops = dropping.map(({ id }) => id);
  const forgotten = Math.max(
    before.pointer.forgotten ?? 0,
    ...dropping.map((one) => lastChangeOf(one, before.pointer)),
  );
  const needed = await neededKeys(store, before.pointer, kept);
  const dropped = new Set(drops.map(releaseKey));
  const victims: Listed[] = [];
  for (const prefix of [OBJECTS, RELEASES])
    for await (const one of store.list(prefix)) {
      const isOld = dropped.has(one.key) || now - one.changed >= options.grace;
      if (!needed.has(one.key) && isOld) victims.push(one);
    }
  const bytes = victims.reduce((sum, { size }) => sum + size, 0);
  return { before, releases, forgotten, victims, plan: { keeps: [...kept], drops, objects: victims.length, bytes } };
}

function keptReleases(
  { releases, current }: StorePointer,
  { keep, olderThan, grace }: PruneOptions,
  now: number,
): KeptRelease[] {
  const newest = new Set(releases.slice(Math.max(0, releases.length - keep)).map(({ id }) => id));
  const since = now - Math.max(olderThan, grace);
  return releases.filter(
    ({ id, left }) => id === current || newest.has(id) || left === undefined || Date.parse(left) > since,
  );
}

/** The keys of everything that the kept releases need. */
async function neededKeys(
  store: ReadOnlyStore,
  pointer: StorePointer,
  kept: ReadonlySet<string>,
): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const id of kept) {
    const header = id === pointer.current ? pointer.header : await readHeader(store, id);
    if (!header)
      throw new Stop(
        'store-damaged',
        `the header of ${id} is missing in ${store.url}, so nothing tells what this release needs`,
        'give a lower --keep and --older-than, so that this release goes too',
      );
    const { objects } = await readInventory(store, header);
    for (const [digest] of [...objects, header.inventory]) keys.add(objectKey(digest));
    keys.add(releaseKey(id));
  }
  return keys;
}
