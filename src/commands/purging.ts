import { commandLine } from '../command-line.ts';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import type { StoreOptions } from '../publish/open-store.ts';
import type { PurgeOptions, PurgeOutcome, Purger } from '../publish/purge/purge.ts';
import { requirePointer } from '../publish/pointer.ts';
import type { ReleaseChange } from '../publish/purge/purge-list.ts';
import { beginPurges, endPurge, unpurged } from '../publish/purge/record.ts';
import type { PurgedSite } from '../publish/purge/record.ts';
import type { Store } from '../publish/store.ts';
import type { StorePointer } from '../tree/store-form.ts';

/* Purging after the current release of a store has changed: the part that `publish`, `rollback` and `purge` share. */

export interface PurgeReport {
  /** Undefined if nobody asked for it, if nothing has changed, or if a finding says why it failed. */
  readonly purged: PurgeOutcome | undefined;
  readonly findings: readonly Finding[];
  /** The command that purges again, where it failed. */
  readonly next: readonly string[];
}

export const NOT_PURGED: PurgeReport = { purged: undefined, findings: [], next: [] };

/** Where the change was made, and what was asked for. */
export interface Purging {
  readonly purger: Purger;
  readonly store: Store;
  readonly options: StoreOptions & PurgeOptions;
  note(line: string): void;
}

/** To be called before another release becomes current, so that a purge that doesn't happen can be made up for. */
export async function beginPurging(purger: Purger | undefined, store: Store): Promise<void> {
  if (purger?.at) await beginPurges(store, purger.at);
}

/**
 * Purges what a change has made untrue, and what earlier changes have, if that was not done. `done` is the change that the caller knows of.
 * The change stays in any case: what goes wrong is a finding.
 */
export async function purgeChange(purging: Purging, done: ReleaseChange): Promise<PurgeReport> {
  const { purger, store, options, note } = purging;
  const next = [commandLine(['purge', ...againWords(store.url, options, done)])];
  const where = options.purge ?? 'the purge list';
  try {
    const { pointer } = await requirePointer(store);
    const change = purger.at ? await wholeChange(store, purger.at, { pointer, done }) : done;
    if (change.from?.length === 0) return NOT_PURGED;
    const purged = await purger.purge(store, change, note);
    const { sent, list } = purged;
    if (purger.at && sent && sent.problem === undefined) await endPurge(store, purger.at, pointer);
    if (sent?.problem === undefined) return { purged, findings: [], next: [] };
    const count = Object.values(list.paths).flat().length;
    return { purged, findings: [failed(where, `${sent.problem}; ${sent.paths} of ${count} URLs are purged`)], next };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { purged: undefined, findings: [failed(where, error.message)], next };
  }
}

/** A change, and all before it for which caches were not purged. */
async function wholeChange(
  store: Store,
  at: PurgedSite,
  { pointer, done }: { readonly pointer: StorePointer; readonly done: ReleaseChange },
): Promise<ReleaseChange> {
  const pending = await unpurged(store, at, pointer);
  const from = pending && done.from && [...new Set([...pending, ...done.from])];
  return { from, to: pointer.current };
}

function failed(where: string, text: string): Finding {
  return { code: 'purge-failed', where, text, level: 'error' };
}

/** The store knows what a CDN has to forget; only of a list, the command has to say it. */
function againWords(at: string, options: Purging['options'], { from }: ReleaseChange): string[] {
  const { purge, site, purgeList, endpoint } = options;
  return [
    '--at',
    at,
    ...(endpoint === undefined ? [] : ['--endpoint', endpoint]),
    ...(purge === undefined ? sinceWords(from) : ['--purge', purge]),
    ...(site === undefined ? [] : ['--site', site]),
    ...(purgeList === undefined ? [] : ['--purge-list', purgeList]),
  ];
}

function sinceWords([oldest]: readonly string[] = []): string[] {
  return oldest === undefined ? ['--all'] : ['--since', oldest];
}
