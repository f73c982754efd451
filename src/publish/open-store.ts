import { Stop } from '../errors.ts';
import { FolderStore } from './folder-store.ts';
import type { Store } from './store.ts';

export interface StoreOptions {
  /** The address of an object store that isn't AWS. */
  readonly endpoint?: string | undefined;
}

/**
 * Opens a store: `s3://bucket/prefix`, or a folder. Code for object stores is loaded only where one is asked for. `onWait` is called where
 * another process holds the lock of a folder. Throws a `Stop` where the URL is of no kind that is known.
 */
export async function openStore(
  url: string,
  { endpoint }: StoreOptions,
  onWait: (holder: string) => void,
): Promise<Store> {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url) ?? [];
  if (scheme === 's3') return new (await import('./s3-store.ts')).S3Store(url, endpoint);
  if (scheme !== undefined) throw new Stop('usage', `${url} is no store`, 'give s3://BUCKET/PREFIX or a folder');
  if (endpoint !== undefined) throw new Stop('usage', '--endpoint is for s3:// alone', `leave it out for ${url}`);
  return new FolderStore(url, { onWait });
}
