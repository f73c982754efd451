import { commandLine } from '../../command-line.ts';
import { openStore } from '../../publish/open-store.ts';
import type { StoreOptions } from '../../publish/open-store.ts';
import { openPurger } from '../../publish/purge/purge.ts';
import type { PurgeOptions } from '../../publish/purge/purge.ts';
import { rollBack } from '../../publish/releases.ts';
import type { RolledBack } from '../../publish/releases.ts';
import type { Progress } from '../../report.ts';
import { beginPurging, NOT_PURGED, purgeChange } from '../purging.ts';
import type { PurgeReport } from '../purging.ts';

export interface RollbackOptions extends StoreOptions, PurgeOptions {
  readonly at: string;
  readonly release?: string | undefined;
}

export interface RollbackReport extends RolledBack, PurgeReport {
  readonly at: string;
  /** The command that undoes the rollback, and the one that purges again if a purge failed. */
  readonly next: readonly string[];
}

/** Makes an earlier release current. Throws a `Stop` where there is none, or somebody else changed the store meanwhile. */
export async function rollback(options: RollbackOptions, progress: Progress): Promise<RollbackReport> {
  const { at, endpoint, release } = options;
  const purger = await openPurger(options);
  const store = await openStore(at, options, () => undefined);
  await beginPurging(purger, store);
  const done = await rollBack(store, release);
  const isChanged = done.release !== done.before;
  if (!isChanged && !purger?.at) return { at, ...done, ...NOT_PURGED };
  const where = ['--at', at, ...(endpoint === undefined ? [] : ['--endpoint', endpoint])];
  const change = { from: isChanged ? [done.before] : [], to: done.release };
  const note = (line: string): void => progress.note(line);
  const purge = purger ? await purgeChange({ purger, store, options, note }, change) : NOT_PURGED;
  const undo = isChanged ? [commandLine(['rollback', done.before, ...where])] : [];
  return { at, ...done, ...purge, next: [...purge.next, ...undo] };
}
