import { openToRead } from '../../publish/open-store.ts';
import type { StoreOptions } from '../../publish/open-store.ts';
import { listReleases } from '../../publish/releases.ts';
import type { ReleaseFacts } from '../../publish/releases.ts';

export interface ReleasesOptions extends StoreOptions {
  readonly at: string;
}

export interface ReleasesReport {
  readonly at: string;
  /** The oldest first. */
  readonly releases: readonly ReleaseFacts[];
}

/** The releases of a store. Throws a `Stop` where nothing was published. */
export async function releases(options: ReleasesOptions): Promise<ReleasesReport> {
  const store = await openToRead(options.at, options);
  return { at: options.at, releases: await listReleases(store) };
}
