import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { Distribution } from '../config.ts';
import type { Finding } from '../errors.ts';
import { generator } from '../generator.ts';
import type { Layer, Revision, Storage } from '../storage/storage.ts';
import { writeChanges } from '../tree/changes.ts';
import type { ChangeTotals } from '../tree/changes.ts';
import { openContentStore } from './cache/contents.ts';
import type { ContentStore } from './cache/contents.ts';
import { entryReader } from './cache/entries.ts';
import type { EntryReader } from './cache/entries.ts';
import { makePackages } from './packages.ts';
import type { KeptPackage, MadePackage } from './packages.ts';
import { contentFile } from './pages.ts';
import type { PlacedRevision } from './pages.ts';
import { patchFolder } from '../tree/commit/patch.ts';
import type { Lock } from '../tree/commit/lock.ts';
import { recoverFolder, replaceFolder } from '../tree/commit/replace.ts';
import { openSiteWriter } from '../tree/site-writer.ts';
import { releaseOf, staticFiles, writeSite } from './site.ts';
import { revisionPaths, signaturePath, zipPath } from '../tree/layout.ts';
import { readRelease, writeRelease } from '../tree/release.ts';
import type { SiteResult } from './site.ts';
import { openStates } from './cache/states.ts';
import type { State } from './cache/states.ts';
import { openZipStore } from './cache/archives.ts';
import type { ZipStore } from './cache/archives.ts';

/** What a site is made from. */
export interface SiteMaking {
  readonly distribution: Distribution;
  readonly layers: readonly Layer[];
  /** The catalog's, in the order of answers. */
  readonly revisions: readonly Revision[];
  readonly storage: Storage;
  /** What is known to be wrong before packages are read. */
  readonly findings: readonly Finding[];
}

export interface MakeOptions {
  /** Where the site goes. */
  readonly folder: string;
  /** Of that folder. */
  readonly lock: Lock;
  /** What earlier builds have kept. */
  readonly cache: string;
  readonly noCache: boolean;
  /** Unfit packages are left out, and their findings are warnings. */
  readonly skipUnfit: boolean;
  onProgress(stage: string, done: number, total: number): void;
  /** Adds to a site before it takes its place, such as what a host needs. */
  readonly finish?: ((temporary: string) => Promise<readonly Finding[]>) | undefined;
}

export interface MadeSite {
  readonly packages: number;
  readonly revisions: number;
  /** Ids that were left out. */
  readonly skipped: readonly string[];
  readonly findings: readonly Finding[];
  /** Undefined where findings kept the site from being written. */
  readonly site: SiteResult | undefined;
  /** How it differs from the site that was there, and the list of that; undefined where there was none, or no cache. */
  readonly changes?: (ChangeTotals & { readonly list: string }) | undefined;
  /** `unchanged`: the site that was there is the one asked for; `extended`: only what is new was written. */
  readonly how: 'written' | 'extended' | 'unchanged';
}

/** Makes a site, and no more of it than the last build of the same place has not made already. */
export async function makeSite(making: SiteMaking, options: MakeOptions): Promise<MadeSite> {
  await recoverFolder(options.folder);
  const isKeeping = !options.noCache && options.finish === undefined;
  if (!isKeeping) return (await writeAll(making, options)).made;
  const states = openStates(join(options.cache, 'state'), options.folder);
  const frame = await frameOf(making);
  const keys = making.revisions.map((revision): [string, string] => [revision.id, keyOf(revision)]);
  const before = await states.last(frame);
  if (before && isEqual(before.keys, keys)) return await keepSite(making, options, before);
  const kept = before && isMostlyThere(before, keys) ? await states.packages(before) : undefined;
  const extended = before && kept && (await extendSite(making, options, { before, kept }));
  const { made, packages } = extended ?? (await writeAll(making, options));
  if (made.site && made.skipped.length === 0) states.set({ frame, keys, made }, packages);
  return made;
}

/**
 * Garbage is collected once it is half of what lives, which is little, instead of three times as much: the whole build of the
 * real storage takes 330 to 341 MB with it, 405 to 502 MB without.
 */
const COLLECT_EARLY = '--heap-growing-percent=50';

/** A site, and what the next build of it wants to know. */
interface Made {
  readonly made: MadeSite;
  readonly packages: readonly MadePackage[];
}

/** Changes with anything that the bytes of a site depend on and no other key holds. */
const FORMAT = 1;

async function frameOf({ distribution, layers, findings }: SiteMaking): Promise<string> {
  const { storage: _, staticFolders, layers: __, ...settings } = distribution;
  const names = layers.map(({ name }) => name);
  const files = await staticDigests(staticFolders);
  return sha256(JSON.stringify([FORMAT, generator, settings, names, files, findings]));
}

async function staticDigests(folders: readonly string[]): Promise<string[]> {
  const files = await staticFiles(folders);
  return await Promise.all(files.map(async ([path, source]) => `${path} ${sha256(await readFile(source))}`));
}

async function keepSite(making: SiteMaking, options: MakeOptions, { made }: State): Promise<MadeSite> {
  options.lock.check();
  await writeRelease(options.folder, releaseOf(making, made.site?.manifest ?? ''));
  return { ...made, changes: undefined, how: 'unchanged' };
}

/** Whether so little is new that making the whole site anew would take longer. */
function isMostlyThere(before: State, keys: State['keys']): boolean {
  const [old, fresh] = [new Map(before.keys), new Map(keys)];
  const isNew = keys.filter(([id, key]) => old.get(id) !== key).length;
  const isGone = before.keys.filter(([id]) => !fresh.has(id)).length;
  return isNew + isGone <= keys.length * MOST_CHANGED;
}

const MOST_CHANGED = 0.1;

interface Stores {
  readonly entries: EntryReader;
  readonly store: ContentStore;
  readonly zips: ZipStore;
}

async function withStores<T>(
  { storage, distribution }: SiteMaking,
  cache: string,
  use: (stores: Stores) => Promise<T>,
): Promise<T> {
  const store = await openContentStore(join(cache, 'contents'));
  try {
    const zips = openZipStore(join(cache, 'archives'), store);
    const entries = entryReader(storage, distribution, cache, store.source(storage));
    const result = await use({ store, zips, entries });
    zips.close();
    return result;
  } finally {
    await store.close();
  }
}

async function writeAll(making: SiteMaking, options: MakeOptions): Promise<Made> {
  setFlagsFromString(COLLECT_EARLY);
  return await replaceFolder(
    options,
    (temporary, work) =>
      withStores(making, options.noCache ? work : options.cache, async (stores) => {
        const writer = openSiteWriter(temporary);
        const placed = new Map<string, PlacedRevision>();
        const packages = await makePackages(byName(making.revisions), {
          ...stores,
          ...making,
          ...options,
          writer,
          placed,
        });
        const findings = [...making.findings, ...packages.flatMap((one) => findingsOf(one, options.skipUnfit))];
        const made = { ...countsOf(packages), findings, how: 'written' as const };
        if (findings.some(isError)) return { made: { ...made, skipped: [], site: undefined }, packages };
        const skipped = packages.flatMap(({ unfit }) => unfit);
        const site = await writeSite({ ...making, revisions: packages.flatMap(({ revisions }) => revisions), writer });
        const more = (await options.finish?.(temporary)) ?? [];
        const finished = more.some(isError)
          ? undefined
          : { ...site, manifest: (await readRelease(temporary))?.manifest ?? '' };
        const changes = finished && (await listChanges(options, temporary));
        return { made: { ...made, skipped, findings: [...findings, ...more], site: finished, changes }, packages };
      }),
    ({ made }) => made.site !== undefined,
  );
}

/** Writes only what is new into the site that is there; undefined where the cache lacks something of it. */
async function extendSite(
  making: SiteMaking,
  options: MakeOptions,
  { before, kept }: { before: State; kept: ReadonlyMap<string, KeptPackage> },
): Promise<Made | undefined> {
  const old = new Map(before.keys);
  const isPlaced = (revision: Revision): boolean => old.get(revision.id) === keyOf(revision);
  const isKept = (revisions: readonly Revision[]): boolean =>
    revisions.every(isPlaced) && kept.get(revisions[0]?.name ?? '')?.made.revisions.length === revisions.length;
  const packages = byName(making.revisions).map((one) => (isKept(one) && kept.get(one[0]?.name ?? '')) || one);
  const changed = packages.flatMap((one) => ('made' in one ? [] : one));
  return await patchFolder(
    options,
    async (temporary) =>
      await withStores(making, options.cache, async (stores) => {
        const placed = findPlaced(changed.filter(isPlaced), stores);
        if (!placed) return undefined;
        const writer = openSiteWriter(temporary, options.folder);
        const made = await makePackages(packages, { ...stores, ...making, ...options, writer, placed });
        const findings = [...making.findings, ...made.flatMap((one) => findingsOf(one, false))];
        if (findings.some(isError)) return undefined;
        const site = await writeSite({ ...making, revisions: made.flatMap(({ revisions }) => revisions), writer });
        const changes = await listChanges(options, temporary);
        const ids = new Set(making.revisions.map(({ id }) => id as string));
        const gone = before.keys.flatMap(([id]) => (ids.has(id) ? [] : [id]));
        const replaced = changed
          .filter((revision) => !isPlaced(revision))
          .flatMap(({ id }) => (old.has(id) ? [id] : []));
        return {
          result: {
            made: { ...countsOf(made), skipped: [], findings, site, changes, how: 'extended' },
            packages: made,
          },
          removed: [...gone, ...replaced].flatMap(pathsOf),
        };
      }),
  );
}

/** Revisions of one name, together; they are in the order of answers. */
function byName(revisions: readonly Revision[]): Revision[][] {
  const packages: Revision[][] = [];
  for (const revision of revisions)
    if (packages.at(-1)?.[0]?.name === revision.name) packages.at(-1)?.push(revision);
    else packages.push([revision]);
  return packages;
}

/** The list of changes against the site that is there still; undefined where there is none, or nothing is kept. */
async function listChanges({ folder, cache, noCache }: MakeOptions, after: string): Promise<MadeSite['changes']> {
  if (noCache || (await readRelease(folder)) === undefined) return undefined;
  const list = join(cache, 'changes', `${basename(folder)}-${sha256(folder).slice(0, 8)}.ndjson`);
  return { list, ...(await writeChanges({ before: folder, after }, list)) };
}

/** The revisions that are in their places already, by id; undefined where the cache lacks one. */
function findPlaced(
  revisions: readonly Revision[],
  { entries, zips, store }: Stores,
): Map<string, PlacedRevision> | undefined {
  const found = new Map<string, PlacedRevision>();
  for (const revision of revisions) {
    const entry = entries.find(revision);
    const made = entry && entry.zip === undefined ? zips.find(entry) : entry?.zip && store.get(entry.zip);
    if (!entry || !made) return undefined;
    const path = zipPath(revision.name, revision.version);
    const { size, digest } = made;
    found.set(revision.id, {
      entry,
      zip: { path, size, digest, type: 'application/zip', cache: 'files' },
      signature:
        revision.signature === undefined
          ? undefined
          : contentFile(store, revision.signature, signaturePath(revision.name, revision.version)),
    });
  }
  return found;
}

function pathsOf(id: string): string[] {
  const [name = '', version = ''] = id.split('@');
  return revisionPaths(name, version);
}

function findingsOf({ findings }: MadePackage, skipUnfit: boolean): readonly Finding[] {
  return skipUnfit ? findings.map((finding) => ({ ...finding, level: 'warning' as const })) : findings;
}

function countsOf(packages: readonly MadePackage[]): Pick<MadeSite, 'packages' | 'revisions'> {
  const filled = packages.filter(({ revisions }) => revisions.length > 0);
  return { packages: filled.length, revisions: filled.flatMap(({ revisions }) => revisions).length };
}

function keyOf({ source, signature = '', zipped }: Revision): string {
  return `${source} ${signature} ${String(zipped)}`;
}

function isEqual(a: State['keys'], b: State['keys']): boolean {
  return a.length === b.length && a.every(([id, key], i) => id === b[i]?.[0] && key === b[i][1]);
}

function isError({ level }: Finding): boolean {
  return level === 'error';
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
