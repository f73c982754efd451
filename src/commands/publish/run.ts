import { openStore, openToRead } from '../../publish/open-store.ts';
import type { StoreOptions } from '../../publish/open-store.ts';
import { publishSite } from '../../publish/publish.ts';
import type { Published } from '../../publish/publish.ts';
import { openPurger } from '../../publish/purge/purge.ts';
import type { PurgeOptions } from '../../publish/purge/purge.ts';
import type { ReleaseChange } from '../../publish/purge/purge-list.ts';
import { dryStore } from '../../publish/store.ts';
import type { Traffic } from '../../publish/store.ts';
import type { Progress } from '../../report.ts';
import { RELEASE } from '../../tree/layout.ts';
import { isChanging } from '../../tree/commit/patch.ts';
import { recoverIfFree } from '../../tree/commit/replace.ts';
import { Stop } from '../../errors.ts';
import { beginPurging, NOT_PURGED, purgeChange } from '../purging.ts';
import type { PurgeReport } from '../purging.ts';
import { requireSite, siteFolder } from '../site-folder.ts';
import type { SiteOptions } from '../site-folder.ts';

export interface PublishOptions extends SiteOptions, StoreOptions, PurgeOptions {
  readonly to: string;
  readonly check: boolean;
  readonly dryRun: boolean;
}

export interface PublishReport extends Omit<Published, 'header'>, PurgeReport {
  readonly folder: string;
  readonly to: string;
  readonly dryRun: boolean;
  /** Objects that the release needs, and their bytes. */
  readonly objects: number;
  readonly stored: number;
  /** Files of the site, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Of the publication alone; with `dryRun`, what would have been asked. */
  readonly traffic: Traffic;
}

/** Publishes a site to a store. Throws a `Stop` where there is no site, or another publisher was faster, or the store fails. */
export async function publish(options: PublishOptions, progress: Progress): Promise<PublishReport> {
  const folder = siteFolder(options);
  requireSite(folder, options, RELEASE);
  recoverIfFree(folder);
  if (isChanging(folder)) throw new Stop('changed', `${folder} is being built`, 'wait for the build to end');
  const { to, check, dryRun } = options;
  const purger = await openPurger(options);
  const onWait = (holder: string): void => progress.note(`Waiting for another process to change ${to}: ${holder}`);
  const store = dryRun ? dryStore(await openToRead(to, options)) : await openStore(to, options, onWait);
  try {
    if (!dryRun) await beginPurging(purger, store);
    const onProgress = (done: number, total: number): void => progress.step('publish', done, total);
    const { header, ...published } = await publishSite({ folder, store, check, dryRun, onProgress });
    const { files, bytes, objects, stored } = header;
    const traffic = { ...store.traffic };
    progress.end();
    const isChanged = published.outcome === 'published';
    const change = isChanged ? changeOf(published) : { from: [], to: published.release };
    const isPurged = purger && !dryRun && (isChanged || purger.at);
    const note = (line: string): void => progress.note(line);
    const purge = isPurged ? await purgeChange({ purger, store, options, note }, change) : NOT_PURGED;
    return { folder, to, dryRun, ...published, objects, stored, files, bytes, traffic, ...purge };
  } finally {
    progress.end();
  }
}

function changeOf({ before, release }: Pick<Published, 'before' | 'release'>): ReleaseChange {
  return { from: before === undefined ? undefined : [before], to: release };
}
