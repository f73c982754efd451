import type { FileBody } from '../../core/response.ts';
import { parseHeader, parsePointer, POINTER, releaseKey } from '../../tree/store-form.ts';
import type { StorePointer } from '../../tree/store-form.ts';
import { lineOf, UnreadableFile } from './site-files.ts';
import type { Log, SiteFiles } from './site-files.ts';
import { parsed, storeObjects } from './store-objects.ts';
import type { StoreObjects, StoreReader } from './store-objects.ts';
import { changeTime, openRelease } from './store-release.ts';
import type { OpenRelease } from './store-release.ts';

/*
 * The release of a store from which requests are answered, on any host with the Fetch standard (docs/store.md).
 */

export type { LargeObjects, ObjectPart, OpenObject, StoreReader } from './store-objects.ts';

/** Finds the release to answer from. */
export interface StoreReleases {
  /**
   * The current release, as it was within its cache time, or within a second if something of it could not be read: it may have been pruned.
   * The last good one where that can't be read or the store is slow. Undefined where there is none. The log says what can't be read.
   */
  current(): Promise<OpenRelease | undefined>;
}

/** Keeps values and no promises: in workerd, a request that ends early cancels those that it has begun. */
export function storeReleases(store: StoreReader, log: Log): StoreReleases {
  const objects = storeObjects(store);
  let held: OpenRelease | undefined;
  let [looked, due] = [0, 0];
  let [begun, ended] = [0, 0];
  const onUnreadable = (): void => {
    due = Math.min(due, looked + RECHECK);
  };
  const renew = async (before: OpenRelease | undefined): Promise<void> => {
    const turn = ++begun;
    const release = await openCurrent(objects, log, before);
    if (!release || turn < ended) return; // a later look at the pointer was faster
    if (release !== held) held = withFaults(release, onUnreadable);
    ended = turn;
  };
  return {
    current: async () => {
      if (held && Date.now() < due) return held;
      looked = Date.now();
      if (held) due = dueOf(held); // other requests go on meanwhile
      await (held ? atMost(PATIENCE, renew(held)) : renew(undefined));
      if (held && due === 0) due = dueOf(held);
      return held;
    },
  };
}

/** Milliseconds. */
const RECHECK = 1000;

/** The same release, which tells where a file of it can't be read. */
function withFaults(release: OpenRelease, onUnreadable: () => void): OpenRelease {
  const told = async <T>(work: Promise<T>): Promise<T> =>
    await work.catch((error: unknown) => {
      if (error instanceof UnreadableFile) onUnreadable();
      throw error;
    });
  const { files } = release;
  return {
    ...release,
    files: { bytes: (path) => told(files.bytes(path)), range: (file) => told(files.range(file)) },
  };
}

/** Milliseconds. A store that takes longer doesn't keep back answers from the release that is there. */
const PATIENCE = 1000;

/** The files of the current release of a store. */
export interface StoreFiles extends Omit<Required<SiteFiles>, 'range'> {
  range: OpenRelease['files']['range'];
}

/** The files of the current release, for hosts that look after changes themselves (`watchSite`). */
export function storeFiles(store: StoreReader, log: Log): StoreFiles {
  const releases = storeReleases(store, log);
  let release: OpenRelease | undefined;
  return {
    state: async () => {
      release = await releases.current();
      return release && { identity: release.id, changed: changeTime(release.header) };
    },
    bytes: async (path) => await release?.files.bytes(path),
    range: async (file: FileBody) => await release?.files.range(file),
  };
}

function dueOf({ header }: OpenRelease): number {
  return Date.now() + 1000 * header.cache.index;
}

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = new Promise<void>((done) => {
    timer = setTimeout(done, milliseconds);
  });
  await Promise.race([work, pause]).finally(() => clearTimeout(timer));
}

/**
 * Opens the current release. Where it can't be read, gives the release before; without that, the newest older one that can be read. The
 * log says why. Throws only what is no fault of the store.
 */
async function openCurrent(
  objects: StoreObjects,
  log: Log,
  before: OpenRelease | undefined,
): Promise<OpenRelease | undefined> {
  const pointer = await orLog(log, readPointer(objects));
  if (!pointer || pointer.current === before?.id) return before;
  const { current: id, header, releases } = pointer;
  const release = await orLog(log, openRelease(objects, { id, header }, before));
  if (release || before) return release ?? before;
  for (const { id: older } of releases.filter((one) => one.id !== id).toReversed()) {
    const found = await orLog(log, openOlder(objects, older));
    if (found) return found;
  }
  return undefined;
}

/** Undefined, and a line in the log, where something of the store can't be read. */
async function orLog<T>(log: Log, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    log(lineOf(error));
    return undefined;
  }
}

async function openOlder(objects: StoreObjects, id: string): Promise<OpenRelease> {
  const key = releaseKey(id);
  const bytes = await objects.document(key);
  if (!bytes) throw new UnreadableFile(key, 'it is missing, and the pointer names it');
  return await openRelease(objects, { id, header: parsed(key, bytes, parseHeader) }, undefined);
}

async function readPointer(objects: StoreObjects): Promise<StorePointer> {
  const bytes = await objects.document(POINTER);
  if (!bytes) throw new UnreadableFile(POINTER, 'it is missing: nothing was published here');
  return parsed(POINTER, bytes, parsePointer);
}
