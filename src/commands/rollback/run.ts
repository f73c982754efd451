import { commandLine } from '../../command-line.ts';
import { openStore } from '../../publish/open-store.ts';
import type { StoreOptions } from '../../publish/open-store.ts';
import { rollBack } from '../../publish/releases.ts';
import type { RolledBack } from '../../publish/releases.ts';

export interface RollbackOptions extends StoreOptions {
  readonly at: string;
  readonly release?: string | undefined;
}

export interface RollbackReport extends RolledBack {
  readonly at: string;
  /** The command that undoes it. */
  readonly next: readonly string[];
}

/** Makes an earlier release current. Throws a `Stop` where there is none, or somebody else changed the store meanwhile. */
export async function rollback(options: RollbackOptions): Promise<RollbackReport> {
  const { at, endpoint, release } = options;
  const store = await openStore(at, options, () => undefined);
  const done = await rollBack(store, release);
  const where = ['--at', at, ...(endpoint === undefined ? [] : ['--endpoint', endpoint])];
  const isChanged = done.release !== done.before;
  return { at, ...done, next: isChanged ? [commandLine(['rollback', done.before, ...where])] : [] };
}
