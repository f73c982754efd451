import { Stop } from '../../errors.ts';
import { openToRead } from '../../publish/open-store.ts';
import type { StoreOptions } from '../../publish/open-store.ts';
import { verifyLive } from '../../inspect/live-site.ts';
import type { LiveSite } from '../../inspect/live-site.ts';
import { verifyStore } from '../../publish/verify-store.ts';
import type { VerifiedStore } from '../../publish/verify-store.ts';
import type { Progress } from '../../report.ts';

export interface VerifyAtOptions extends StoreOptions {
  readonly at: string;
  readonly deep: boolean;
}

export interface StoreReport extends VerifiedStore {
  readonly at: string;
}

/** Looks whether a store holds what its releases need. Throws a `Stop` where nothing was published, or the store fails. */
export async function verifyAt(options: VerifyAtOptions, progress: Progress): Promise<StoreReport> {
  const store = await openToRead(options.at, options);
  try {
    const onProgress = (done: number, total: number): void => progress.step('verify', done, total);
    return { at: options.at, ...(await verifyStore(store, { deep: options.deep, onProgress })) };
  } finally {
    progress.end();
  }
}

export interface VerifySiteOptions extends StoreOptions {
  readonly at: string;
  readonly site: string;
  /** Milliseconds. */
  readonly maxAge?: number | undefined;
}

/** Looks whether a live site answers as the current release of a store does. Throws a `Stop` where the store can't be read. */
export async function verifySiteAt(options: VerifySiteOptions): Promise<LiveSite> {
  if (!/^https?:\/\//.test(options.site))
    throw new Stop('usage', `${options.site} is no URL of a site`, 'write https://…');
  const store = await openToRead(options.at, options);
  return await verifyLive(options.site, store, options.maxAge);
}
