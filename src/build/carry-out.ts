import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import pLimit from 'p-limit';
import { makeFolder } from '../tree/make-folder.ts';
import { cacheFolder } from '../cache-folders.ts';
import { hasError } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { encodedDifferences, listDifferences, manifestDifferences, writeChanges } from '../tree/changes.ts';
import type { Difference, Trees } from '../tree/changes.ts';
import { removeNow } from '../tree/commit/leftovers.ts';
import { patchFolder, renewFolder } from '../tree/commit/patch.ts';
import type { PatchedFolder } from '../tree/commit/patch.ts';
import { hasEncoded, openEncodedList, readEncodedList } from '../tree/encoded.ts';
import type { EncodedList } from '../tree/encoded.ts';
import { INDEX, REGISTRY, RELEASE } from '../tree/layout.ts';
import { eachListedFile, filesWithDigests, manifestPartPaths } from '../tree/manifest.ts';
import type { SiteFile } from '../tree/manifest.ts';
import { treeDigest } from '../tree/manifest-digests.ts';
import type { ManifestDigests } from '../tree/manifest-digests.ts';
import { readRelease, writeRelease } from '../tree/release.ts';
import { openSiteWriter } from '../tree/site-writer.ts';
import type { SiteWriter } from '../tree/site-writer.ts';
import { encodeSite } from './encode.ts';
import type { KeptPackage, MadePackage } from './kept.ts';
import { makePackages } from './packages.ts';
import type { PackageMaking, PackageSource } from './packages.ts';
import type { PlacedRevision } from './pages.ts';
import { byName } from './plan.ts';
import type { Plan } from './plan.ts';
import { releaseOf } from './release-of.ts';
import { showRequiredBy } from './required-by.ts';
import { writeSite } from './site.ts';
import type { Changes, MadeSite, MakeOptions, SiteMaking } from './site-making.ts';
import { findPlaced, withStores } from './stores.ts';
import type { Stores } from './stores.ts';

/*
 * Carries out the plans of `plan.ts`. Every change of a site goes through `renewFolder` or `patchFolder`.
 */

/** A site, and the facts that the next build of it needs. */
export interface Made {
  readonly made: MadeSite;
  readonly packages: readonly MadePackage[];
  /** Those of the site itself, whatever a host says of it. */
  readonly findings: readonly Finding[];
}

/** Makes a whole site beside the present one, and puts it in its place. */
export async function writeAnew(making: SiteMaking, options: MakeOptions): Promise<Made> {
  const { folder, cache, noCache } = options;
  return await renewFolder(
    placeOf(options),
    (temporary, work) =>
      withStores(making, noCache ? work : cache, async (stores) => {
        const writer = openSiteWriter(temporary);
        const packages = byName(making.revisions).map((revisions) => ({ kind: 'made', revisions }) as const);
        const filled = await fill(making, options, { packages, placed: new Map(), writer, stores });
        if (!filled.made.site) return filled;
        await encode(options, stores, { to: temporary, files: () => eachListedFile(temporary) });
        if (noCache || !(await readRelease(folder))) return filled;
        const trees = { before: folder, after: temporary };
        const found = concatenated(await manifestDifferences(trees), encodedDifferences(trees));
        return { ...filled, made: { ...filled.made, changes: await listChanges(options, found) } };
      }),
    ({ made }) => made.site !== undefined,
  );
}

interface Extension {
  readonly plan: Plan & { readonly kind: 'extend' };
  /** The packages of the present site, by name. */
  readonly kept: ReadonlyMap<string, KeptPackage>;
  /** Paths of the present site that somebody touched. They are looked for while the new files are made. */
  readonly touched: Promise<readonly string[]>;
}

/**
 * Puts everything new into the present site. Undefined if somebody touched that, if the cache lacks a part of it, or if a finding is an
 * error.
 */
export async function extendSite(
  making: SiteMaking,
  options: MakeOptions,
  extension: Extension,
): Promise<Made | undefined> {
  try {
    return await extendUntouched(making, options, extension);
  } catch (error) {
    if ((await extension.touched).length === 0) throw error;
    return undefined; // a list of a site that was touched may be anything
  }
}

async function extendUntouched(
  making: SiteMaking,
  options: MakeOptions,
  { plan, kept, touched }: Extension,
): Promise<Made | undefined> {
  const { folder, cache } = options;
  const packages = plan.packages.flatMap((one): PackageSource[] => {
    if (one.kind === 'made') return [one];
    const found = kept.get(one.name);
    return found ? [{ kind: 'kept', kept: found }] : [];
  });
  if (packages.length < plan.packages.length) return undefined;
  return await patchFolder(placeOf(options), (temporary) =>
    withStores(making, cache, async (stores) => {
      const placed = findPlaced(plan.placed, stores);
      if (!placed) return undefined;
      const writer = openSiteWriter(temporary, folder);
      const filled = await fill(making, options, { packages, placed, writer, stores });
      if (!filled.made.site) return undefined;
      const trees = { before: folder, after: temporary };
      const differences = [...(await manifestDifferences(trees))];
      const list = await encodeDifferences(options, stores, { to: temporary, differences });
      const found = list ? [...differences, ...listDifferences(list)] : differences;
      const last = await readRelease(folder);
      const since = { manifest: last ? treeDigest(last) : '', differences };
      if ((await touched).length > 0) return undefined;
      const made = { ...filled.made, how: 'extended', since, changes: await listChanges(options, found) } as const;
      return {
        result: { ...filled, made },
        removed: [...found.flatMap(removedPath), ...(await goneParts(trees))],
        last: [INDEX, RELEASE],
      };
    }),
  );
}

/** Puts compressed forms into a site that has none, with the commits of now, and returns the changes. */
export async function addForms(
  making: SiteMaking,
  options: MakeOptions,
  digests: ManifestDigests,
): Promise<Changes | undefined> {
  const { folder, cache } = options;
  return await patchFolder(placeOf(options), (temporary) =>
    withStores(making, cache, async (stores) => {
      const list = await encode(options, stores, { to: temporary, files: () => eachListedFile(folder) });
      const found = list ? listDifferences(list) : [];
      makeFolder(join(temporary, REGISTRY));
      await writeRelease(temporary, releaseOf(making, digests));
      return { result: await listChanges(options, found), removed: [], last: [RELEASE] };
    }),
  );
}

function placeOf({ folder, lock }: MakeOptions): PatchedFolder {
  return { folder, lock, witness: RELEASE, isRead: 'by journal' };
}

/** Packages whose pages are made: enough to keep the threads busy. */
const PAGED_AT_ONCE = 2;

interface Filling {
  readonly packages: readonly PackageSource[];
  readonly placed: ReadonlyMap<string, PlacedRevision>;
  readonly writer: SiteWriter;
  readonly stores: Stores;
}

/** Writes a site without its compressed forms. */
async function fill(making: SiteMaking, options: MakeOptions, filling: Filling): Promise<Made> {
  const { storage, distribution, layers, deprecations, history } = making;
  const { writer, stores, placed } = filling;
  const { store, entries, zips, signatures } = stores;
  const { onProgress } = options;
  const packageMaking = {
    storage,
    entries,
    store,
    zips,
    signatures,
    deprecations,
    writer,
    placed,
    browsing: history && { distribution, arrivals: history.arrivals, limit: pLimit(PAGED_AT_ONCE) },
    ranks: distribution.layers.map(({ name }) => name),
    collisions: distribution.collisions === 'refuse' ? 'error' : 'warning',
    onProgress,
  } as const;
  const made0 = await makePackages(filling.packages, packageMaking);
  const packages = history ? await showRequiredBy(made0, { writer, folder: options.folder, store }) : made0;
  const findings = [...making.findings, ...packages.flatMap((one) => findingsOf(one, options.skipUnfit))];
  const made = { ...countsOf(packages), findings, skipped: [], site: undefined, how: 'written' } as const;
  if (hasError(findings)) return { made, packages, findings };
  const skipped = packages.flatMap(({ unfit }) => unfit);
  if (options.accepts) {
    const unfit = [...skipped, ...(await unfitWitnesses(making, packageMaking))];
    if (!options.accepts(unfit)) return { made: { ...made, skipped: unfit }, packages, findings };
  }
  const revisions = packages.flatMap((one) => one.revisions);
  const browsed = history && {
    packages: packages.flatMap((one) => one.browsed ?? []),
    revisions: making.revisions,
    unfit: new Set(skipped),
    history,
  };
  const site = await writeSite({ distribution, layers, revisions, browsed, findings, writer });
  const refusals = await options.refusals(writer.folder);
  const all = [...findings, ...refusals];
  return {
    made: { ...made, skipped, findings: all, site: hasError(refusals) ? undefined : site },
    packages,
    findings,
  };
}

/** The ids of witnesses that are unfit: each is made as for a site, and thrown away. */
async function unfitWitnesses({ witnesses = [] }: SiteMaking, making: PackageMaking): Promise<string[]> {
  if (witnesses.length === 0) return [];
  const folder = join(making.writer.folder, WITNESSES);
  makeFolder(folder);
  const packages = byName(witnesses).map((revisions) => ({ kind: 'made', revisions }) as const);
  const writer = openSiteWriter(folder);
  const own = { writer, placed: new Map(), browsing: undefined, onProgress: () => undefined };
  const made = await makePackages(packages, { ...making, ...own });
  removeNow(folder);
  return made.flatMap(({ unfit }) => unfit);
}

/** A folder that is gone before the site is in its place. */
const WITNESSES = '.witnesses';

interface Encoded {
  /** Where new forms go. */
  readonly to: string;
  /** The files that may lack forms. */
  files(): AsyncIterable<SiteFile> | Iterable<SiteFile>;
  /** The forms of the site that is there, where they stay. */
  readonly before?: EncodedList;
}

/** Makes compressed forms where the host wants them, or the site that is there has some: then it gives their list. */
async function encode(
  options: MakeOptions,
  stores: Stores,
  { to, files, before }: Encoded,
): Promise<EncodedList | undefined> {
  const { folder, forms, onProgress } = options;
  if (!forms.isWanted && !hasEncoded(folder)) return undefined;
  const list = before ?? openEncodedList(Buffer.alloc(0));
  await encodeSite(files(), {
    plan: forms.plan,
    trees: [to, folder],
    folder: to,
    list,
    store: stores.store,
    forms: stores.forms,
    onProgress,
  });
  return list;
}

/** The same for a site that is extended, whose list says what its forms are. */
async function encodeDifferences(
  options: MakeOptions,
  stores: Stores,
  { to, differences }: { readonly to: string; readonly differences: readonly Difference[] },
): Promise<EncodedList | undefined> {
  if (!hasEncoded(options.folder)) return await encode(options, stores, { to, files: () => eachListedFile(to) });
  const list = openEncodedList(readEncodedList(options.folder));
  const { plan } = options.forms;
  const old = differences.flatMap((one) => (one.change === 'added' ? [] : [one.before]));
  const still = await filesWithDigests(to, new Set(old.map(({ digest }) => digest)));
  const kept = new Set(still.flatMap((file) => plan(file).map(({ path }) => path)));
  for (const { path } of old.flatMap(plan)) if (!kept.has(path)) list.delete(path);
  const files = differences.flatMap((one) => (one.change === 'removed' ? [] : [one.after]));
  return await encode(options, stores, { to, files: () => files, before: list });
}

async function listChanges({ folder, cache }: MakeOptions, found: Iterable<Difference>): Promise<Changes> {
  const place = createHash('sha256').update(folder).digest('hex').slice(0, 8);
  const list = join(cacheFolder(cache, 'changes'), `${basename(folder)}-${place}.ndjson`);
  return { list, ...(await writeChanges(found, list)) };
}

function* concatenated<T>(...lists: Iterable<T>[]): Generator<T> {
  for (const list of lists) yield* list;
}

function removedPath(one: Difference): string[] {
  return one.change === 'removed' ? [one.before.path] : [];
}

/** Parts of the manifest that the new one has no more. */
async function goneParts({ before, after }: Trees): Promise<string[]> {
  const parts = new Set(await manifestPartPaths(after));
  return (await manifestPartPaths(before)).filter((path) => !parts.has(path));
}

function findingsOf({ findings }: MadePackage, skipUnfit: boolean): readonly Finding[] {
  return skipUnfit ? findings.map((finding) => ({ ...finding, level: 'warning' as const })) : findings;
}

function countsOf(packages: readonly MadePackage[]): Pick<MadeSite, 'packages' | 'revisions'> {
  const filled = packages.filter(({ revisions }) => revisions.length > 0);
  return { packages: filled.length, revisions: filled.flatMap(({ revisions }) => revisions).length };
}
