import { resolve } from 'node:path';
import type { Progress } from '../../report.ts';
import { openingProgress } from '../opening-progress.ts';
import { Stop } from '../../errors.ts';
import { listKnown, nearHint } from '../../near-match.ts';
import type { Finding } from '../../errors.ts';
import { shownStorage, withCatalog } from '../../inspect/open-catalog.ts';
import type { OpenCatalog, StorageOptions } from '../../inspect/open-catalog.ts';
import { listedInSite, listedInStorage } from '../../inspect/listed.ts';
import type { ListedRevision } from '../../inspect/listed.ts';
import { readSite } from '../../inspect/site.ts';
import { datesOf } from '../../inspect/history.ts';
import type { Dates } from '../../inspect/history.ts';
import type { Selection } from '../../subset/select.ts';
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
  /** Lists what the distribution leaves out of the one that it is a part of. */
  readonly leftOut?: boolean | undefined;
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
  /** In the order of answers; with `--left-out`, those that the distribution leaves out. */
  readonly revisions: readonly DatedRevision[];
  /** With `--left-out`: what stays and what is left out, of the packages that were asked about. */
  readonly subset: ListedSubset | undefined;
  readonly waiting: readonly Waiting[];
}

/** Sizes are in bytes: of files together, or of the zips that the storage holds. */
export interface ListedSubset {
  readonly from: string;
  readonly stays: { readonly revisions: number; readonly size: number };
  readonly leftOut: { readonly revisions: number; readonly size: number };
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
export async function list(options: ListOptions, progress: Progress): Promise<ListReport> {
  if (options.dir !== undefined) return await listSite(resolve(options.dir), options);
  const listed = withCatalog(options, openingProgress(progress), async (open) => {
    const { distribution, layers, findings } = open;
    const { name, layer, outdated } = options;
    refuseUnknownLayer(open, layer);
    const chosen = options.leftOut === true ? refuseWhole(open, options) : undefined;
    const isShown = (one: string): boolean => layer === undefined || one === layer;
    const since = await datesOf(open, isShown);
    const waiting = waitingRevisions(layers, (one) => since.get(one.layer)?.get(one.where));
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
    const revisions = outdated ? [] : await revisionsOf(open, options, since);
    return chosen
      ? { ...report, ...splitBy(chosen, revisions), waiting: [] }
      : { ...report, subset: undefined, revisions };
  });
  return await listed.finally(progress.end);
}

/** What a subset is from, and what it leaves out. Throws a `Stop` where nothing can be. */
function refuseWhole({ distribution, subset }: OpenCatalog, { outdated, layer }: ListOptions): ChosenPart {
  const { name, subsets } = distribution;
  const from = subsets[0]?.from;
  if (!subset || from === undefined)
    throw new Stop('usage', `${name} leaves nothing out`, '--left-out is for a distribution with "from"');
  if (outdated || layer !== undefined)
    throw new Stop('usage', '--left-out is about no layer', 'leave out --layer and --outdated');
  return { from, fates: subset.selection.fates };
}

interface ChosenPart extends Pick<Selection, 'fates'> {
  readonly from: string;
}

function splitBy(
  { from, fates }: ChosenPart,
  revisions: readonly DatedRevision[],
): Pick<ListReport, 'revisions' | 'subset'> {
  const isOut = ({ name, version }: DatedRevision): boolean => fates.get(`${name}@${version}`)?.kind === 'left out';
  const [out, stays] = [revisions.filter(isOut), revisions.filter((one) => !isOut(one))];
  return { revisions: out, subset: { from, stays: totalOf(stays), leftOut: totalOf(out) } };
}

function totalOf(revisions: readonly DatedRevision[]): ListedSubset['stays'] {
  return { revisions: revisions.length, size: revisions.reduce((sum, { size }) => sum + size, 0) };
}

async function listSite(folder: string, { name, outdated, layer, leftOut }: ListOptions): Promise<ListReport> {
  if (leftOut === true)
    throw new Stop('usage', "a site doesn't know what it leaves out", 'name its distribution with --dist');
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
    subset: undefined,
    waiting: [],
  };
}

/** The revisions that clients find, or all that one layer holds. */
async function revisionsOf(
  { storage, distribution, layers, catalog, subset }: OpenCatalog,
  { name, layer, leftOut }: ListOptions,
  since: Dates,
): Promise<DatedRevision[]> {
  const merged = leftOut === true && subset ? subset.whole : catalog.revisions;
  const all = layer === undefined ? merged : (layers.find((one) => one.name === layer)?.revisions ?? []);
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
  throw new Stop('unknown-package', `${title} has no package "${name}"`, nearHint(name, near));
}

function refuseUnknownLayer({ distribution, layers }: OpenCatalog, only: string | undefined): void {
  const names = layers.map(({ name }) => name);
  if (only === undefined || names.includes(only)) return;
  const hint = `its layers are: ${listKnown(only, names)}`;
  throw new Stop('unknown-layer', `${distribution.name} has no layer "${only}"`, hint);
}
