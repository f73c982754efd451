import type { Revision } from '../storage/storage.ts';
import { updatesDigest } from './history.ts';
import type { RevisionKey } from './kept.ts';
import type { SiteMaking } from './site-making.ts';

/*
 * Decides how much of a site a build must make, by the sources of the last build of it.
 */

export type Plan =
  /** The present site is the requested one. */
  | { readonly kind: 'unchanged' }
  /** Everything new goes into the present site. */
  | {
      readonly kind: 'extend';
      /** In the order of answers. */
      readonly packages: readonly PackagePlan[];
      /** The revisions of packages that are made whose own files are in their places already. */
      readonly placed: readonly Revision[];
    }
  /** A whole site is made beside the old one, and then takes its place. */
  | { readonly kind: 'write' };

export type PackagePlan =
  | { readonly kind: 'kept'; readonly name: string }
  | { readonly kind: 'made'; readonly revisions: readonly Revision[] };

/** The revisions of a site, in the order of answers, and what they show of those that it leaves out. */
type Planned = Pick<SiteMaking, 'revisions' | 'deprecations' | 'history'>;

/** Plans a site of these revisions. `before` is undefined if nothing is known about the present site. */
export function planSite(planned: Planned, before: readonly RevisionKey[] | undefined): Plan {
  if (!before) return { kind: 'write' };
  const { revisions, deprecations, history } = planned;
  const after = keysOf(planned);
  if (isEqual(before, after)) return { kind: 'unchanged' };
  if (!isMostlyThere(before, after)) return { kind: 'write' };
  const old = byId(before);
  const oldPackages = packagesOf(before);
  const packages = byName(revisions).map((one): PackagePlan => {
    const name = one[0]?.name ?? '';
    return isEqual(oldPackages.get(name) ?? [], packageKeys({ revisions: one, deprecations, history }))
      ? { kind: 'kept', name }
      : { kind: 'made', revisions: one };
  });
  const made = packages.flatMap((one) => (one.kind === 'made' ? one.revisions : []));
  const isTwin = twinsIn([...before, ...after].map(([id]) => id));
  const placed = made.filter((revision) => old.get(revision.id) === keyOf(revision, history) && !isTwin(revision.id));
  return { kind: 'extend', packages, placed };
}

/** Whether another id differs only in build metadata, so that both may be served as one and the files in place be the other's. */
function twinsIn(ids: readonly string[]): (id: string) => boolean {
  const known = new Map<string, Set<string>>();
  for (const id of ids) known.set(plain(id), (known.get(plain(id)) ?? new Set()).add(id));
  return (id) => (known.get(plain(id))?.size ?? 0) > 1;
}

/** An id without build metadata. */
function plain(id: string): string {
  return id.split('+', 1)[0] ?? '';
}

/** What a site is made from, as the next build compares it. */
export function keysOf(planned: Planned): RevisionKey[] {
  const { history } = planned;
  const own: RevisionKey[] = history ? [[OF_THE_SITE, updatesDigest(history)]] : [];
  return own.concat(packageKeys(planned));
}

/** The id of what belongs to no package: only pages about the whole site show it. */
const OF_THE_SITE = '@';

function packageKeys({ revisions, deprecations, history }: Planned): RevisionKey[] {
  return byName(revisions).flatMap((own): RevisionKey[] => {
    const name = own[0]?.name ?? '';
    const deprecated = deprecations?.get(name);
    const keys = own.map((revision): RevisionKey => [revision.id, keyOf(revision, history), placeOf(revision)]);
    if (deprecated !== undefined) keys.unshift([`${name}@`, JSON.stringify(deprecated)]);
    return keys;
  });
}

/** Groups revisions by name. They are in the order of answers. */
export function byName(revisions: readonly Revision[]): Revision[][] {
  const packages: Revision[][] = [];
  for (const revision of revisions)
    if (packages.at(-1)?.[0]?.name === revision.name) packages.at(-1)?.push(revision);
    else packages.push([revision]);
  return packages;
}

/** What findings about a revision begin with. */
export function placeOf({ layer, where }: Revision): string {
  return `${layer}: ${where}`;
}

/** Pages also show the layer of a revision, and when it came there. */
function keyOf({ id, layer, source, signature = '', zipped }: Revision, history: Planned['history']): string {
  const shown = history ? ` ${layer} ${history.arrivals.get(id) ?? ''}` : '';
  return `${source} ${signature} ${String(zipped)}${shown}`;
}

function packagesOf(keys: readonly RevisionKey[]): Map<string, RevisionKey[]> {
  const packages = new Map<string, RevisionKey[]>();
  for (const key of keys) {
    const name = key[0].split('@', 1)[0] ?? '';
    const own = packages.get(name) ?? [];
    own.push(key);
    packages.set(name, own);
  }
  return packages;
}

function byId(keys: readonly RevisionKey[]): Map<string, string> {
  return new Map(keys.map(([id, key]) => [id, key]));
}

/** Whether so little is new that a whole new site would take longer. */
function isMostlyThere(before: readonly RevisionKey[], after: readonly RevisionKey[]): boolean {
  const [old, fresh] = [byId(before), byId(after)];
  const isNew = after.filter(([id, key]) => old.get(id) !== key && id !== OF_THE_SITE).length;
  const isGone = before.filter(([id]) => !fresh.has(id)).length;
  return isNew + isGone <= after.length * MOST_CHANGED;
}

const MOST_CHANGED = 0.1;

function isEqual(a: readonly RevisionKey[], b: readonly RevisionKey[]): boolean {
  return a.length === b.length && a.every(([id, key], i) => id === b[i]?.[0] && key === b[i][1]);
}
