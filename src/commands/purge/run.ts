import { Stop } from '../../errors.ts';
import { openStore, openToRead } from '../../publish/open-store.ts';
import type { StoreOptions } from '../../publish/open-store.ts';
import { requirePointer } from '../../publish/pointer.ts';
import { openPurger } from '../../publish/purge/purge.ts';
import type { PurgeOptions } from '../../publish/purge/purge.ts';
import { purgeList } from '../../publish/purge/purge-list.ts';
import type { ReleaseChange } from '../../publish/purge/purge-list.ts';
import type { ReadOnlyStore } from '../../publish/store.ts';
import type { Progress } from '../../report.ts';
import { beginPurging, purgeChange } from '../purging.ts';
import type { PurgeReport } from '../purging.ts';

export interface PurgeVerbOptions extends StoreOptions, PurgeOptions {
  readonly at: string;
  /** The release whose answers caches may hold (default: the one that was current before). */
  readonly since?: string | undefined;
  /** Takes it that caches may hold anything. */
  readonly all: boolean;
}

export interface PurgeVerbReport extends PurgeReport {
  readonly at: string;
}

/**
 * Lists the URLs that answer otherwise since another release of a store was current, and purges them. Throws a `Stop` where the store keeps no
 * such release.
 */
export async function purge(options: PurgeVerbOptions, progress: Progress): Promise<PurgeVerbReport> {
  const { at } = options;
  const purger = await openPurger(options);
  const note = (line: string): void => progress.note(line);
  if (purger) {
    const store = await openStore(at, options, () => undefined);
    const change = await changeOf(store, options);
    await beginPurging(purger, store);
    return { at, ...(await purgeChange({ purger, store, options, note }, change)) };
  }
  const store = await openToRead(at, options);
  const change = await changeOf(store, options);
  const none = { file: undefined, cdn: undefined, site: undefined, sent: undefined };
  return { at, purged: { list: await purgeList(store, change), ...none }, findings: [], next: [] };
}

async function changeOf(store: ReadOnlyStore, { since, all }: PurgeVerbOptions): Promise<ReleaseChange> {
  if (all && since !== undefined) throw new Stop('usage', '--all and --since exclude each other', 'give one of them');
  const { pointer } = await requirePointer(store);
  const { current: to, releases } = pointer;
  if (all) return { from: undefined, to };
  if (since !== undefined && releases.some(({ id }) => id === since)) return { from: [since], to };
  if (since !== undefined)
    throw new Stop('no-release', `${store.url} keeps no release ${since}`, 'purge everything, with --all');
  const [latest] = releases
    .filter(({ id }) => id !== to)
    .toSorted((a, b) => ((a.left ?? '') < (b.left ?? '') ? 1 : -1));
  if (latest) return { from: [latest.id], to };
  throw new Stop('no-release', `${store.url} keeps no release but the current one`, 'purge everything, with --all');
}
