import { openStore, openToRead } from '../../publish/open-store.ts';
import type { StoreOptions } from '../../publish/open-store.ts';
import { planPrune, prune } from '../../publish/prune.ts';
import type { PruneOptions, PrunePlan } from '../../publish/prune.ts';

export interface PruneStoreOptions extends StoreOptions, PruneOptions {
  readonly at: string;
  readonly yes: boolean;
}

export interface PruneStoreReport extends PrunePlan {
  readonly at: string;
  /** Whether it was removed. */
  readonly isDone: boolean;
}

/** Removes old releases from a store, with `yes`. Throws a `Stop` where a kept one can't be read, or somebody else changed the store. */
export async function pruneStore(options: PruneStoreOptions): Promise<PruneStoreReport> {
  const { at, yes } = options;
  const plan = yes
    ? await prune(await openStore(at, options, () => undefined), options)
    : await planPrune(await openToRead(at, options), options);
  return { at, isDone: yes, ...plan };
}
