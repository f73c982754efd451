import { Stop } from '../errors.ts';
import type { StoreReader } from '../hosts/fetch/store-files.ts';
import { folderReader } from '../hosts/node/folder-reader.ts';
import { POINTER } from '../tree/store-form.ts';
import { FolderStore, ReadOnlyFolder } from './folder-store.ts';
import type { ReadOnlyStore, Store } from './store.ts';

export interface StoreOptions {
  /** The address of an object store that isn't AWS. */
  readonly endpoint?: string | undefined;
}

/**
 * Opens a store to change it: `s3://bucket/prefix`, or a folder. Code for object stores is loaded only where one is asked for. `onWait` is called where
 * another process holds the lock of a folder. Throws a `Stop` where the URL is of no kind that is known.
 */
export async function openStore(url: string, options: StoreOptions, onWait: (holder: string) => void): Promise<Store> {
  return isBucket(url, options) ? await openBucket(url, options) : new FolderStore(url, { onWait });
}

/** Opens a store to look at it: nothing is written. Throws as `openStore` does. */
export async function openToRead(url: string, options: StoreOptions): Promise<ReadOnlyStore> {
  return isBucket(url, options) ? await openBucket(url, options) : new ReadOnlyFolder(url);
}

/** Opens a store to answer requests from it. Throws a `Stop` where nothing was published to it, and as `openStore` does. */
export async function openReader(url: string, options: StoreOptions): Promise<StoreReader> {
  const reader = isBucket(url, options) ? await openBucket(url, options) : folderReader(url);
  if (await reader.read(POINTER)) return reader;
  throw new Stop('no-release', `nothing was published to ${url}`, 'publish a site to it first');
}

function isBucket(url: string, { endpoint }: StoreOptions): boolean {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url) ?? [];
  if (scheme === 's3') return true;
  if (scheme !== undefined) throw new Stop('usage', `${url} is no store`, 'give s3://BUCKET/PREFIX or a folder');
  if (endpoint !== undefined) throw new Stop('usage', '--endpoint is for s3:// alone', `leave it out for ${url}`);
  return false;
}

async function openBucket(url: string, { endpoint }: StoreOptions): Promise<Store & StoreReader> {
  return new (await import('./s3-store.ts')).S3Store(url, endpoint);
}
