import { resolve } from 'node:path';
import { Stop } from '../../errors.ts';
import { listKnown, nearMatch } from '../../near-match.ts';
import type { Finding } from '../../errors.ts';
import { shownStorage, withCatalog } from '../../inspect/open-catalog.ts';
import type { OpenCatalog, StorageOptions } from '../../inspect/open-catalog.ts';
import { listedInSite, listedInStorage } from '../../inspect/listed.ts';
import type { ListedRevision } from '../../inspect/listed.ts';
import { readSite } from '../../inspect/site.ts';
import { arrivals } from '../../storage/git/history.ts';
import { repositoryOf } from '../../storage/storage.ts';
import { compareRevisions } from '../../catalog/merge.ts';
import { waitingRevisions } from '../../catalog/waiting.ts';
import type { Waiting } from '../../catalog/waiting.ts';

export interface ListOptions extends StorageOptions {
  /** Only this package. */
  readonly name?: string | undefined;
  readonly dist?: string | undefined;
  /** The folder of a built site, in place of a storage. */
  readonly dir?: string | undefined;
  /** Only this layer of the distribution, with what higher layers shadow. */
  readonly layer?: string | undefined;
  /** Lists only revisions that are newer than all versions of their package in the higher layers. */
  readonly outdated: boolean;
}

export interface ListReport {
  /** A distribution, or the folder of a site. */
  readonly distribution: string;
  /** Undefined for a site. */
  readonly storage: string | undefined;
  /** Warnings about the storage and its layers. */
  readonly findings: readonly Finding[];
  readonly outdated: boolean;
  /** In rank order. */
  readonly layers: readonly ListedLayer[];
  /** In the order of answers. */
  readonly revisions: readonly DatedRevision[];
  readonly waiting: readonly Waiting[];
}

export interface ListedLayer {
  readonly name: string;
  readonly ref: string;
  readonly commit: string | undefined;
  readonly revisions: number;
  readonly packages: number;
}

export interface DatedRevision extends ListedRevision {
  /** The date of the commit that added it to its layer, in ISO 8601. Undefined if it isn't known. */
  readonly since: string | undefined;
  /** Other layers that hold it, too. */
  readonly alsoIn: readonly string[];
}

/**
 * Lists the revisions of a distribution or a site, and those that wait in the lower layers. It judges no package. Throws a `Stop` for a
 * layer or a package that isn't there.
 */
export async function list(options: ListOptions): Promise<ListReport> {
  if (options.dir !== undefined) return await listSite(resolve(options.dir), options);
  return await withCatalog(options, async (open) => {
    const { distribution, layers, findings } = open;
    const { name, layer, outdated } = options;
    refuseUnknownLayer(open, layer);
    const isShown = (one: string): boolean => layer === undefined || one === layer;
    const since = await datesOf(open, isShown);
    const waiting = waitingRevisions(layers, since);
    const report = {
      distribution: distribution.name,
      storage: shownStorage(distribution),
      findings,
      outdated,
      layers: layers.filter((one) => isShown(one.name)).map(summaryOf),
      waiting: waiting.filter((one) => {
        return isShown(one.layer) && (one.outdates || !outdated) && (name ?? one.name) === one.name;
      }),
    };
    return { ...report, revisions: outdated ? [] : await revisionsOf(open, options, since) };
  });
}

async function listSite(folder: string, { name, outdated, layer }: ListOptions): Promise<ListReport> {
  if (outdated || layer !== undefined)
    throw new Stop(
      'usage',
      'a site has no layers',
      'leave out --layer and --outdated, or name a distribution with --dist',
    );
  const site = await readSite(folder);
  const revisions = await listedInSite({ ...site, revisions: named(site.revisions, name, folder) });
  const dated = revisions.map((one) => Object.assign(one, { since: undefined, alsoIn: [] }));
  return {
    distribution: folder,
    storage: undefined,
    findings: [],
    outdated,
    layers: [],
    revisions: dated,
    waiting: [],
  };
}

type Dates = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** By layer and place, when each revision came. */
async function datesOf(
  { storage, distribution, layers }: OpenCatalog,
  isShown: (layer: string) => boolean,
): Promise<Dates> {
  const repository = repositoryOf(storage);
  const dates = layers.map(async ({ name, commit }): Promise<[string, ReadonlyMap<string, string>]> => {
    const spec = distribution.layers.find((one) => one.name === name);
    if (!repository || spec?.kind !== 'storage' || !isShown(name)) return [name, new Map()];
    return [name, await arrivals(repository, { commit, packages: spec.packages })];
  });
  return new Map(await Promise.all(dates));
}

/** The revisions that clients find, or all that one layer holds. */
async function revisionsOf(
  { storage, distribution, layers, catalog }: OpenCatalog,
  { name, layer }: ListOptions,
  since: Dates,
): Promise<DatedRevision[]> {
  const all = layer === undefined ? catalog.revisions : (layers.find((one) => one.name === layer)?.revisions ?? []);
  const revisions = named(all, name, distribution.name).toSorted(compareRevisions);
  const holders = new Map<string, string[]>();
  for (const one of layers.flatMap((each) => each.revisions))
    holders.set(one.id, [...(holders.get(one.id) ?? []), one.layer]);
  const listed = await listedInStorage(storage, layers, revisions);
  return revisions.map((revision, i) =>
    Object.assign({}, listed[i], {
      since: since.get(revision.layer)?.get(revision.where),
      alsoIn: (holders.get(revision.id) ?? []).filter((one) => one !== revision.layer),
    }),
  );
}

function summaryOf({ name, ref, commit, revisions }: OpenCatalog['layers'][number]): ListedLayer {
  const packages = new Set(revisions.map((one) => one.name)).size;
  return { name, ref, commit, revisions: revisions.length, packages };
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string | undefined, title: string): T[] {
  const found = all.filter((one) => (name ?? one.name) === one.name);
  if (name === undefined || found.length > 0) return found;
  const names = [...new Set(all.map((one) => one.name))];
  const near = names.length < 20 ? names : names.filter((one) => one.includes(name.slice(0, 3)));
  throw new Stop('unknown-package', `${title} has no package "${name}"`, nearMatch(name, near).trim() || undefined);
}

function refuseUnknownLayer({ distribution, layers }: OpenCatalog, only: string | undefined): void {
  const names = layers.map(({ name }) => name);
  if (only === undefined || names.includes(only)) return;
  const hint = `its layers are: ${listKnown(only, names)}`;
  throw new Stop('unknown-layer', `${distribution.name} has no layer "${only}"`, hint);
}
