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
}

/** Makes an earlier release current. Throws a `Stop` where there is none, or somebody else changed the store meanwhile. */
export async function rollback(options: RollbackOptions): Promise<RollbackReport> {
  const store = await openStore(options.at, options, () => undefined);
  return { at: options.at, ...(await rollBack(store, options.release)) };
}
