import pLimit from 'p-limit';
import { Stop } from '../errors.ts';
import { parseHeader, releaseKey } from '../tree/store-form.ts';
import type { StoreHeader, StorePointer } from '../tree/store-form.ts';
import { nextPointer, readInventory, requirePointer, swapPointer, withCurrent } from './pointer.ts';
import type { ReadOnlyStore, Store } from './store.ts';
import { enumerated } from '../near-match.ts';

/** A release that a store keeps. */
export interface ReleaseFacts {
  readonly id: string;
  readonly isCurrent: boolean;
  /** When it ceased to be current, by the clock of the store. */
  readonly left: string | undefined;
  /** Undefined where its header is lost. */
  readonly header: StoreHeader | undefined;
}

/** The releases of a store, the oldest first. Throws a `Stop` where nothing was published. */
export async function listReleases(store: ReadOnlyStore): Promise<ReleaseFacts[]> {
  const { pointer } = await requirePointer(store);
  const limit = pLimit(AT_ONCE);
  return await Promise.all(
    pointer.releases.map(async ({ id, left }) => {
      const isCurrent = id === pointer.current;
      const header = isCurrent ? pointer.header : await limit(() => readHeader(store, id));
      return { id, isCurrent, left, header };
    }),
  );
}

const AT_ONCE = 8;

/** The header of a release; undefined where it is lost. */
export async function readHeader(store: ReadOnlyStore, id: string): Promise<StoreHeader | undefined> {
  const found = await store.read(releaseKey(id));
  try {
    return found && parseHeader(found.bytes.toString('utf8'));
  } catch {
    return undefined; // parsing alone
  }
}

/** The header of a release that the store keeps. Throws a `Stop` where it keeps none of that id, or the header is lost. */
export async function requireHeader(store: ReadOnlyStore, id: string): Promise<StoreHeader> {
  const { pointer } = await requirePointer(store);
  return id === pointer.current ? pointer.header : await headerOf(store, targetOf(store, pointer, id));
}

async function headerOf(store: ReadOnlyStore, id: string): Promise<StoreHeader> {
  const header = await readHeader(store, id);
  if (header) return header;
  throw new Stop('store-damaged', `the header of ${id} is missing in ${store.url}`, 'choose another release');
}

/** What a rollback did. */
export interface RolledBack {
  readonly release: string;
  /** The release that was current. */
  readonly before: string;
}

/**
 * Makes a kept release current again: the one with an id, or the one that was published before the current one. Throws a `Stop` where there is
 * none, or it can't be read, or somebody else changed the store meanwhile.
 */
export async function rollBack(store: Store, wanted: string | undefined): Promise<RolledBack> {
  for (let left = TRIES; ; left--) {
    const { pointer, tag } = await requirePointer(store);
    const id = targetOf(store, pointer, wanted);
    if (id === pointer.current) return { release: id, before: id };
    const header = await headerOf(store, id);
    await readInventory(store, header);
    const releases = withCurrent(pointer, id, await store.now());
    const { pruning } = pointer;
    const next = nextPointer(pointer, { current: id, releases, header, ...(pruning !== undefined && { pruning }) });
    if (await swapPointer(store, next, tag)) return { release: id, before: pointer.current };
    const now = await requirePointer(store);
    if (left > 1 && now.pointer.current === pointer.current) continue; // a prune, no release
    const problem = `another release became current in ${store.url} meanwhile: ${now.pointer.current}`;
    throw new Stop('lost-race', problem, 'look at it with `releases`, and run the command again');
  }
}

/** How many prunes may come between. */
const TRIES = 5;

function targetOf(store: ReadOnlyStore, { releases, current }: StorePointer, wanted: string | undefined): string {
  const ids = releases.map(({ id }) => id);
  if (wanted === undefined) {
    const before = ids[ids.indexOf(current) - 1];
    if (before !== undefined) return before;
    throw new Stop(
      'no-release',
      `${store.url} has no release before ${current}`,
      'see `releases`, which lists all releases',
    );
  }
  if (ids.includes(wanted)) return wanted;
  throw new Stop('no-release', `${store.url} has no release ${wanted}`, `it has ${enumerated(ids.toReversed())}`);
}
