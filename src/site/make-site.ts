import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Distribution } from '../config.ts';
import type { Finding } from '../errors.ts';
import { generator } from '../generator.ts';
import type { Layer, Revision, Storage } from '../layers/layers.ts';
import { openContentStore } from './content-store.ts';
import type { ContentStore } from './content-store.ts';
import { entryReader } from './entries.ts';
import type { EntryReader } from './entries.ts';
import type { Entry } from './entry.ts';
import { keptFiles } from './kept-files.ts';
import { contentFile, placePackages } from './packages.ts';
import type { PackageOutcome, PlacedPackage } from './packages.ts';
import { patchFolder } from './patch-folder.ts';
import { recover, replaceFolder } from './replace-folder.ts';
import { openSiteWriter } from './site-writer.ts';
import { staticFiles, writeRelease, writeSite } from './site.ts';
import type { SiteResult } from './site.ts';
import { openZipStore } from './zip-store.ts';
import type { ZipStore } from './zip-store.ts';

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
  /** `unchanged`: the site that was there is the one asked for; `extended`: only what is new was written. */
  readonly how: 'written' | 'extended' | 'unchanged';
}

/** Makes a site, and no more of it than the last build of the same place has not made already. */
export async function makeSite(making: SiteMaking, options: MakeOptions): Promise<MadeSite> {
  await recover(options.folder);
  const states = keptFiles<State>(join(options.cache, 'state'));
  const place = sha256(options.folder).slice(0, 40);
  const frame = await frameOf(making);
  const isKeeping = !options.noCache && options.finish === undefined && making.storage.kind === 'git';
  const before = isKeeping ? await lastState(states, place, { frame, folder: options.folder }) : undefined;
  const keys = making.revisions.map((revision): [string, string] => [revision.id, keyOf(revision)]);
  if (before && isEqual(before.keys, keys)) return await keepSite(making, options, before);
  const made = (before && (await extendSite(making, options, before))) ?? (await writeAll(making, options));
  if (isKeeping && made.site && made.skipped.length === 0) await states.set(place, { frame, keys, made });
  return made;
}

/** What the last build of a place has made, and from what. */
interface State {
  /** Digest of all that a site depends on beside its revisions. */
  readonly frame: string;
  /** Id -> what its content and signature are, in the order of answers. */
  readonly keys: readonly (readonly [id: string, key: string])[];
  readonly made: MadeSite;
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

async function lastState(
  states: { get(key: string): Promise<State | undefined> },
  place: string,
  { frame, folder }: { frame: string; folder: string },
): Promise<State | undefined> {
  const state = await states.get(place);
  if (!state?.made.site || state.frame !== frame) return undefined;
  if ((await manifestOf(folder)) !== state.made.site.manifest) return undefined;
  return (await holdsRevisions(folder, state.keys)) ? state : undefined;
}

/** Whether a site still has an index and, of every revision, its folder, zip and pages: a glance, not a verification. */
async function holdsRevisions(folder: string, keys: State['keys']): Promise<boolean> {
  const versions = new Map<string, string[]>();
  for (const [id] of keys) {
    const [name = '', version = ''] = id.split('@');
    versions.set(name, [...(versions.get(name) ?? []), version]);
  }
  const checks: Promise<boolean>[] = [];
  for (const [name, of] of versions) {
    const pages = of.map((version) => `${version}.json`);
    checks.push(
      hasNames(join(folder, 'package', name), of),
      hasNames(
        join(folder, 'epr', name),
        of.map((version) => `${name}-${version}.zip`),
      ),
      hasNames(join(folder, '_registry/files', name), pages),
      hasNames(join(folder, '_registry/package', name), pages),
    );
  }
  return existsSync(join(folder, '_registry/index.json')) && (await Promise.all(checks)).every(Boolean);
}

async function hasNames(folder: string, names: readonly string[]): Promise<boolean> {
  const there = new Set(await readdir(folder).catch(() => []));
  return names.every((name) => there.has(name));
}

/** The digest of a site's manifest, by its `release.json`; '' where there is none. */
async function manifestOf(folder: string): Promise<string> {
  const release = await readFile(join(folder, '_registry/release.json'), 'utf8').catch(() => '{}');
  return (JSON.parse(release) as { manifest?: string }).manifest ?? '';
}

async function keepSite(making: SiteMaking, options: MakeOptions, { made }: State): Promise<MadeSite> {
  await writeRelease(making, { folder: options.folder, manifest: made.site?.manifest ?? '' });
  return { ...made, how: 'unchanged' };
}

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
    return await use({ store, zips, entries: entryReader(storage, distribution, cache) });
  } finally {
    await store.close();
  }
}

async function writeAll(making: SiteMaking, options: MakeOptions): Promise<MadeSite> {
  return await replaceFolder(
    options.folder,
    (temporary, work) =>
      withStores(making, options.noCache ? work : options.cache, async (stores) => {
        const writer = openSiteWriter(temporary);
        const outcomes = await placePackages(making.revisions, { ...stores, ...making, ...options, writer });
        const packages = outcomes.flatMap(({ placed }) => placed ?? []);
        const findings = [...making.findings, ...outcomes.flatMap((one) => outcomeFindings(one, options.skipUnfit))];
        const made = { ...countsOf(packages), how: 'written' as const };
        const skipped = outcomes.flatMap(({ placed, revision }) => (placed ? [] : [revision.id]));
        if (findings.some(isError)) return { ...made, skipped: [], findings, site: undefined };
        const site = await writeSite({ ...making, packages, store: stores.store, writer });
        if (!options.finish) return { ...made, skipped, findings, site };
        const more = await options.finish(temporary);
        const finished = more.some(isError) ? undefined : { ...site, manifest: await manifestOf(temporary) };
        return { ...made, skipped, findings: [...findings, ...more], site: finished };
      }),
    ({ site }) => site !== undefined,
  );
}

/** Writes only what is new into the site that is there; undefined where that is not possible, or not worth it. */
async function extendSite(making: SiteMaking, options: MakeOptions, before: State): Promise<MadeSite | undefined> {
  const old = new Map(before.keys);
  const isNew = (revision: Revision): boolean => old.get(revision.id) !== keyOf(revision);
  const fresh = making.revisions.filter(isNew);
  const ids = new Set(making.revisions.map(({ id }) => id as string));
  const gone = before.keys.flatMap(([id]) => (ids.has(id) ? [] : [id]));
  if (fresh.length + gone.length > making.revisions.length * MOST_CHANGED) return undefined;
  return await withStores(making, options.cache, async (stores) => {
    const kept = await keptPackages(
      making.revisions.filter((revision) => !isNew(revision)),
      stores,
    );
    if (!kept) return undefined;
    return await patchFolder(options.folder, async (temporary) => {
      const writer = openSiteWriter(temporary);
      const outcomes = await placePackages(fresh, { ...stores, ...making, ...options, writer });
      const findings = [
        ...making.findings,
        ...[...kept.values()].flatMap(({ entry }) => unknownCategories(entry)),
        ...outcomes.flatMap((one) => outcomeFindings(one, false)),
      ];
      if (findings.some(isError)) return undefined;
      const placed = new Map(outcomes.map((one) => [one.revision.id, one.placed]));
      const packages = making.revisions.flatMap(({ id }) => placed.get(id) ?? kept.get(id) ?? []);
      const changedNames = new Set([
        ...fresh.map(({ name }) => name),
        ...gone.map((id) => id.slice(0, id.indexOf('@'))),
      ]);
      const isKept = ({ entry }: PlacedPackage): boolean => !changedNames.has(entry.revision.name);
      const site = await writeSite({ ...making, packages, store: stores.store, writer, isKept });
      const made = { ...countsOf(packages), skipped: [], findings, site, how: 'extended' as const };
      return {
        result: made,
        removed: [...gone, ...fresh.map(({ id }) => id).filter((id) => old.has(id))].flatMap(pathsOf),
      };
    });
  });
}

/** Beyond this share of the revisions, making the whole site anew is about as fast. */
const MOST_CHANGED = 0.1;

/** The packages that are in their places already, by id; undefined where the cache lacks one. */
async function keptPackages(
  revisions: readonly Revision[],
  { entries, zips, store }: Stores,
): Promise<Map<string, PlacedPackage> | undefined> {
  const found = new Map<string, PlacedPackage>();
  for (const revision of revisions) {
    const entry = await entries.find(revision);
    const made = entry && entry.zip === undefined ? await zips.find(entry) : entry?.zip && store.get(entry.zip);
    if (!entry || !made) return undefined;
    const path = `epr/${revision.name}/${revision.name}-${revision.version}.zip`;
    const { size, digest } = made;
    found.set(revision.id, {
      entry,
      zip: { path, size, digest, type: 'application/zip', cache: 'files' },
      signature: revision.signature === undefined ? undefined : contentFile(store, revision.signature, `${path}.sig`),
    });
  }
  return found;
}

/** Where a revision lies in a site. */
function pathsOf(id: string): string[] {
  const [name = '', version = ''] = id.split('@');
  const zip = `epr/${name}/${name}-${version}.zip`;
  const generated = ['package', 'files'].map((kind) => `_registry/${kind}/${name}/${version}.json`);
  return [`package/${name}/${version}`, zip, `${zip}.sig`, ...generated];
}

function outcomeFindings({ placed, findings }: PackageOutcome, skipUnfit: boolean): Finding[] {
  if (placed) return [...findings, ...unknownCategories(placed.entry)];
  return skipUnfit ? findings.map((finding) => ({ ...finding, level: 'warning' as const })) : [...findings];
}

function unknownCategories({ revision, unknownCategories: ids }: Entry): Finding[] {
  const where = `${revision.layer}: ${revision.where}/manifest.yml`;
  return ids.map((id) => ({
    code: 'category',
    where,
    text: `the registry doesn't know the category "${id}"; it is left out`,
    level: 'warning',
  }));
}

function countsOf(packages: readonly PlacedPackage[]): Pick<MadeSite, 'packages' | 'revisions'> {
  return { packages: new Set(packages.map(({ entry }) => entry.revision.name)).size, revisions: packages.length };
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
