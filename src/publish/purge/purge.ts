import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Stop } from '../../errors.ts';
import { replaceFile } from '../../tree/commit/output-file.ts';
import { makeFolder } from '../../tree/make-folder.ts';
import { requireHeader } from '../releases.ts';
import type { ReadOnlyStore } from '../store.ts';
import type { Cdn, Environment } from './cdn.ts';
import { openCloudflare } from './cloudflare.ts';
import { openCloudFront } from './cloudfront.ts';
import { openFastly } from './fastly.ts';
import { allPaths, purgeList } from './purge-list.ts';
import type { PurgeList, ReleaseChange } from './purge-list.ts';
import type { PurgedSite } from './record.ts';
import { sendPurge } from './send.ts';
import type { Sent } from './send.ts';

/** The CDNs, by the names that people give them on the command line. */
const CDNS = { cloudflare: openCloudflare, fastly: openFastly, cloudfront: openCloudFront } as const;

export type CdnName = keyof typeof CDNS;

/** What is to be purged where; nothing of it may be wanted. */
export interface PurgeOptions {
  readonly purge?: CdnName | undefined;
  /** The address of the site at the CDN. */
  readonly site?: string | undefined;
  /** Milliseconds until readers have the new release; undefined for the time that they may keep the pointer. */
  readonly purgeAfter?: number | undefined;
  /** Where the list goes. */
  readonly purgeList?: string | undefined;
}

export interface PurgeOutcome {
  readonly list: PurgeList;
  /** The file with the list. */
  readonly file: string | undefined;
  readonly cdn: CdnName | undefined;
  readonly site: string | undefined;
  /** What the CDN took. */
  readonly sent: Sent | undefined;
}

/** Who purges after a change. */
export interface Purger {
  /** The site at a CDN that is purged; undefined where there is only a list to write. */
  readonly at: PurgedSite | undefined;
  /** Writes the list and sends it. A CDN that takes none of it is no error: `sent` says so. */
  purge(store: ReadOnlyStore, change: ReleaseChange, note: (line: string) => void): Promise<PurgeOutcome>;
}

/**
 * Opens what the options ask for; undefined where that is nothing. Throws a `Stop` where the options don't go together, or the environment lacks
 * what a CDN needs: then nothing has been changed yet.
 */
export async function openPurger(
  options: PurgeOptions,
  environment: Environment = process.env,
): Promise<Purger | undefined> {
  const { purge: name, purgeList: file, site } = options;
  if (name === undefined && file === undefined) return undefined;
  const url = name === undefined ? undefined : siteUrl(site);
  const cdn = name && url && (await CDNS[name](url, environment));
  return {
    at: name && url && { cdn: name, site: url.href },
    purge: async (store, change, note) => {
      const list = await purgeList(store, change);
      if (file !== undefined) await writeList(file, list);
      const sent = cdn && (await send(cdn, list, { note, wait: await waitFor(store, change, options) }));
      return { list, file, cdn: name, site: name && site, sent };
    },
  };
}

function siteUrl(site: string | undefined): URL {
  const hint = 'give the address of the site at the CDN, such as --site https://packages.example.org';
  if (site === undefined) throw new Stop('usage', '--purge needs --site', hint);
  const url = URL.canParse(site) ? new URL(site) : undefined;
  const isSite = url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '';
  if (!isSite) throw new Stop('usage', `${site} is no URL of a site`, hint);
  return url;
}

async function writeList(file: string, list: PurgeList): Promise<void> {
  makeFolder(dirname(file));
  await replaceFile(file, `${JSON.stringify(list, null, 2)}\n`);
}

/** Readers may answer from the release before for so long, and caches would take those answers up again. */
async function waitFor(
  store: ReadOnlyStore,
  { from, to }: ReleaseChange,
  { purgeAfter }: PurgeOptions,
): Promise<number> {
  if (purgeAfter !== undefined) return purgeAfter;
  return 1000 * (await requireHeader(store, from?.at(-1) ?? to)).cache.index;
}

async function send(
  cdn: Cdn,
  list: PurgeList,
  { note, wait }: { note(line: string): void; readonly wait: number },
): Promise<Sent> {
  try {
    const paths = allPaths(list);
    if (paths.length > 0 && wait > 0) {
      note(`Waiting ${wait / 1000} s until readers have the release, before ${cdn.title} is purged.`);
      await pause(wait);
    }
    return await sendPurge(cdn, paths);
  } finally {
    await cdn.close();
  }
}
