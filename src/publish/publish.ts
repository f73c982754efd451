import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Stop } from '../errors.ts';
import type { Columns } from '../core/columns.ts';
import { indexFilePath, INDEX, RELEASE } from '../tree/layout.ts';
import { treeDigest } from '../tree/manifest-digests.ts';
import { manifestTotals } from '../tree/manifest.ts';
import { parseNames } from '../tree/names.ts';
import type { Release } from '../tree/release.ts';
import { objectKey, releaseKey } from '../tree/store-form.ts';
import type { Inventory, ObjectName, StoreHeader } from '../tree/store-form.ts';
import { atOnce } from './at-once.ts';
import { formOf } from './form.ts';
import type { StoreObject } from './form.ts';
import { nextPointer, readInventory, readPointer, releaseId, swapPointer, withCurrent } from './pointer.ts';
import type { ReadPointer } from './pointer.ts';
import { EMPTY_INVENTORY, reusable } from './reuse.ts';
import { readSiteParts } from './site-parts.ts';
import type { SiteParts } from './site-parts.ts';
import { IMMUTABLE } from './store.ts';
import type { Store } from './store.ts';

/*
 * Publishing a site: first everything that the store lacks, then the header of the release, last the pointer. Until the pointer is replaced,
 * no reader sees anything of it; a run that ends before leaves objects that the next one finds.
 */

export interface PublishOptions {
  /** The folder of the site. */
  readonly folder: string;
  readonly store: Store;
  /** Compares what the store should have with its own listing, and sends what is missing. */
  readonly check: boolean;
  /** The store only counts what would be sent (`dryStore`): a prune goes on. */
  readonly dryRun: boolean;
  /** Bytes of zips that were sent, of those that the store lacked. */
  onProgress(done: number, total: number): void;
}

export interface Published {
  /** `mended`: the release is the current one already, and objects of it were sent again. */
  readonly outcome: 'published' | 'unchanged' | 'mended';
  readonly release: string;
  /** The release before, if another one was current. */
  readonly before: string | undefined;
  /** Objects that were sent, and their bytes. */
  readonly sent: { readonly objects: number; readonly bytes: number };
  readonly header: StoreHeader;
}

/**
 * Publishes the site in a folder. Throws a `Stop` where another publisher was faster, or the site was built again meanwhile, or isn't what it
 * lists.
 */
export async function publishSite(options: PublishOptions): Promise<Published> {
  const { store } = options;
  const release = await readFile(join(options.folder, RELEASE));
  let hasPruned = false;
  for (let left = TRIES; ; left--) {
    const before = await readPointer(store);
    refuseOther(store, before, release);
    if (before?.pointer.pruning !== undefined && !options.dryRun) {
      hasPruned = await endPrune(store, before);
      continue;
    }
    if (before && !options.check && isSame(before.pointer.header, release)) return unchanged(before);
    const check = options.check || hasPruned;
    const published = await attempt({ ...options, check }, release, before);
    // The last request of the prune may have been on its way.
    if (published && hasPruned) await publishSite({ ...options, check: true });
    if (published) return published;
    const now = await readPointer(store);
    hasPruned = true;
    if (left > 1 && now?.pointer.current === before?.pointer.current) continue; // a prune, no release
    const winner = now?.pointer.current ?? 'none';
    throw new Stop(
      'lost-race',
      `another release became current in ${store.url} meanwhile: ${winner}`,
      'nothing is lost: to make this site the current release, run the command again',
    );
  }
}

/** How many prunes may come between. */
const TRIES = 5;

/** Takes away the mark of a prune, which was killed, or stops before its next request. */
async function endPrune(store: Store, { pointer, tag }: ReadPointer): Promise<true> {
  await swapPointer(store, nextPointer(pointer, {}), tag); // where somebody else was faster, the pointer is read again in any case
  return true;
}

function refuseOther(store: Store, before: ReadPointer | undefined, release: Buffer): void {
  const { distribution } = parseRelease(release);
  const other = before?.pointer.header.distribution ?? distribution;
  if (other === distribution) return;
  throw new Stop(
    'other-distribution',
    `${store.url} holds the distribution ${other}, and the site is ${distribution}`,
    'give each distribution a folder or prefix of its own',
  );
}

function isSame(header: StoreHeader, release: Buffer): boolean {
  return header.release === sha256(release);
}

function unchanged({ pointer }: ReadPointer): Published {
  const sent = { objects: 0, bytes: 0 };
  return { outcome: 'unchanged', release: pointer.current, before: pointer.current, sent, header: pointer.header };
}

type Attempt = Pick<PublishOptions, 'folder' | 'check' | 'onProgress'> & { readonly store: Store };

/** Publishes once; undefined where the pointer was replaced meanwhile. */
async function attempt(
  { store, folder, check, onProgress }: Attempt,
  release: Buffer,
  before: ReadPointer | undefined,
): Promise<Published | undefined> {
  const parts = await readSiteParts(folder);
  const known = before ? await readInventory(store, before.pointer.header).catch(emptyIfDamaged) : EMPTY_INVENTORY;
  const there = await objectsThere(store, { known, before, check, parts });
  const sent = { objects: 0, bytes: 0 };
  const inventory = await sendContents({ store, there, sent, onProgress }, parts, known);
  const text = Buffer.from(`${JSON.stringify(inventory)}\n`);
  const header = await headerOf(folder, { release, before, inventory, text });
  const isCurrent =
    before && isSame(before.pointer.header, release) && before.pointer.header.inventory[0] === header.inventory[0];
  const [digest] = header.inventory;
  if (there.get(digest) !== text.length) {
    const isSent = await store.put(
      { key: objectKey(digest), bytes: text, type: 'application/json', cache: IMMUTABLE },
      { replace: there.has(digest) },
    );
    if (isSent) count(sent, text);
  }
  await refuseChanged(folder, release);
  if (isCurrent) return { ...unchanged(before), outcome: sent.objects > 0 ? 'mended' : 'unchanged', sent };
  const id = releaseId(header);
  await store.put({ key: releaseKey(id), bytes: jsonOf(header), type: 'application/json', cache: IMMUTABLE });
  if (!(await makeCurrent(store, id, header, before))) return undefined;
  return { outcome: 'published', release: id, before: before?.pointer.current, sent, header };
}

/** A release of which the inventory is lost is published anew. */
function emptyIfDamaged(error: unknown): Inventory {
  if (error instanceof Stop && error.code === 'store-damaged') return EMPTY_INVENTORY;
  throw error;
}

/** The objects that the store has, with their sizes, as far as they matter. */
async function objectsThere(
  store: Store,
  facts: {
    readonly known: Inventory;
    readonly before: ReadPointer | undefined;
    readonly check: boolean;
    readonly parts: SiteParts;
  },
): Promise<Map<string, number>> {
  const { known, before, check, parts } = facts;
  const there = new Map<string, number>(known.objects);
  if (before) there.set(...before.pointer.header.inventory);
  const missing = parts.revisions.filter(({ zip }) => zip && !there.has(zip.digest)).length;
  if (!check && before && missing <= FEW) return there;
  const listed = new Map<string, number>();
  for await (const { key, size } of store.list(objectKey(''))) listed.set(key.slice(objectKey('').length), size);
  return listed;
}

type ObjectFacts = Pick<StoreObject, 'digest' | 'size'>;

/** So many objects may be sent without a look whether an earlier run has sent them. */
const FEW = 20;

async function sendContents(
  to: Pick<Attempt, 'store' | 'onProgress'> & {
    readonly there: ReadonlyMap<string, number>;
    readonly sent: { objects: number; bytes: number };
  },
  parts: SiteParts,
  known: Inventory,
): Promise<Inventory> {
  const { store, there, sent } = to;
  const sizes = new Map(known.objects);
  const again = reusable(known, parts, (digest) => there.get(digest) === sizes.get(digest));
  const isLacking = ({ digest, size }: ObjectFacts): boolean => there.get(digest) !== size;
  const lacking = new Map(
    parts.revisions.flatMap(({ zip }) => (zip && isLacking(zip) ? [[zip.digest, zip.size]] : [])),
  );
  const total = [...lacking.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  return await atOnce(formOf(parts, again), AT_ONCE, async (object: StoreObject) => {
    if (!isLacking(object)) return;
    const bytes = await object.read();
    const isSent = await store.put(
      { key: objectKey(object.digest), bytes, type: object.type, cache: IMMUTABLE },
      { replace: there.has(object.digest) },
    );
    if (isSent) count(sent, bytes);
    if (object.type === 'application/zip') to.onProgress((done += object.size), total);
  });
}

const AT_ONCE = 8;

function count(sent: { objects: number; bytes: number }, { length }: Buffer): void {
  sent.objects++;
  sent.bytes += length;
}

async function headerOf(
  folder: string,
  made: {
    readonly release: Buffer;
    readonly before: ReadPointer | undefined;
    readonly inventory: Inventory;
    readonly text: Buffer;
  },
): Promise<StoreHeader> {
  const { release, before, inventory, text } = made;
  const site = parseRelease(release);
  const { distribution, registry, generator, layers } = site;
  const { files, bytes } = await manifestTotals(folder);
  const name: ObjectName = [sha256(text), text.length];
  const stored = inventory.objects.reduce((sum, [, size]) => sum + size, text.length);
  return {
    format: 1,
    sequence: (before?.pointer.change ?? 0) + 1,
    published: new Date().toISOString(),
    distribution,
    registry,
    generator,
    layers,
    manifest: treeDigest(site),
    release: sha256(release),
    ...(await columnFacts(folder)),
    files,
    bytes,
    objects: inventory.objects.length + 1,
    stored,
    inventory: name,
  };
}

async function columnFacts(folder: string): Promise<Pick<Columns, 'cache' | 'artifacts'>> {
  const names = parseNames(await readFile(join(folder, INDEX), 'utf8'));
  const columns = await readFile(join(folder, indexFilePath(names.columns)), 'utf8');
  const { cache, artifacts } = JSON.parse(columns) as Columns;
  return { cache, ...(artifacts && { artifacts }) };
}

async function makeCurrent(
  store: Store,
  id: string,
  header: StoreHeader,
  before: ReadPointer | undefined,
): Promise<boolean> {
  if (!before) {
    const first = { format: 1, change: 1, current: id, releases: [{ id }], header } as const;
    return await swapPointer(store, first, undefined);
  }
  const releases = withCurrent(before.pointer, id, await store.now());
  return await swapPointer(store, nextPointer(before.pointer, { current: id, releases, header }), before.tag);
}

/** Throws a `Stop` where the site is no longer the one that was begun with. */
async function refuseChanged(folder: string, release: Buffer): Promise<void> {
  if ((await readFile(join(folder, RELEASE))).equals(release)) return;
  throw new Stop('changed', `${folder} was built again while it was published`, 'run the command again');
}

export function parseRelease(release: Buffer): Release {
  return JSON.parse(release.toString('utf8')) as Release;
}

function jsonOf(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
