import { commandLine } from '../command-line.ts';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import type { StoreOptions } from '../publish/open-store.ts';
import type { PurgeOptions, PurgeOutcome, Purger } from '../publish/purge/purge.ts';
import type { ReleaseChange } from '../publish/purge/purge-list.ts';
import type { Store } from '../publish/store.ts';

/* Purging after the current release of a store has changed: the part that `publish`, `rollback` and `purge` share. */

export interface PurgeReport {
  /** Undefined where nobody asked for it, or nothing has changed, or a finding says why there is none. */
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

/** Purges what a change has made untrue. The change stays in any case: what goes wrong is a finding. */
export async function purgeChange(
  { purger, store, options, note }: Purging,
  change: ReleaseChange,
): Promise<PurgeReport> {
  const next = [commandLine(['purge', ...againWords(store.url, options, change)])];
  const where = options.purge ?? 'the purge list';
  try {
    const purged = await purger.purge(store, change, note);
    const { sent, list } = purged;
    if (sent?.problem === undefined) return { purged, findings: [], next: [] };
    const count = Object.values(list.paths).flat().length;
    return { purged, findings: [failed(where, `${sent.problem}; ${sent.paths} of ${count} URLs are purged`)], next };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { purged: undefined, findings: [failed(where, error.message)], next };
  }
}

function failed(where: string, text: string): Finding {
  return { code: 'purge-failed', where, text, level: 'error' };
}

function againWords(at: string, options: Purging['options'], { from }: ReleaseChange): string[] {
  const { purge, site, purgeList, endpoint } = options;
  return [
    '--at',
    at,
    ...(endpoint === undefined ? [] : ['--endpoint', endpoint]),
    ...(from === undefined ? ['--all'] : ['--since', from]),
    ...(purge === undefined ? [] : ['--purge', purge]),
    ...(site === undefined ? [] : ['--site', site]),
    ...(purgeList === undefined ? [] : ['--purge-list', purgeList]),
  ];
}
