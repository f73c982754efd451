import { cacheFolder } from '../cache-folders.ts';
import type { Distribution, LayerSpec } from '../config.ts';
import { signatureJudge } from '../package/signature-judge.ts';
import type { SignatureJudge } from '../package/signature-judge.ts';
import type { Revision, Storage } from '../storage/storage.ts';
import { signaturePath, zipPath } from '../tree/layout.ts';
import { openZipStore } from './cache/archives.ts';
import type { ZipStore } from './cache/archives.ts';
import { openContentStore } from './cache/contents.ts';
import type { ContentStore } from './cache/contents.ts';
import { entryReader } from './cache/entries.ts';
import type { EntryReader } from './cache/entries.ts';
import { openFormStore } from './cache/forms.ts';
import type { FormStore } from './cache/forms.ts';
import type { Entry } from './entry.ts';
import { openVerified } from './cache/verified.ts';
import { contentFile } from './pages.ts';
import type { PlacedRevision } from './pages.ts';

/** What earlier builds have kept, and this one adds to. */
export interface Stores {
  readonly entries: EntryReader;
  readonly store: ContentStore;
  readonly zips: ZipStore;
  readonly forms: FormStore;
  readonly signatures: SignatureJudge;
}

/** Opens the stores in a folder for the time of `use`. */
export async function withStores<T>(
  { storage, distribution }: { readonly storage: Storage; readonly distribution: Distribution },
  cache: string,
  use: (stores: Stores) => Promise<T>,
): Promise<T> {
  const store = await openContentStore(cacheFolder(cache, 'contents'));
  let signatures: SignatureJudge | undefined;
  try {
    const zips = openZipStore(cacheFolder(cache, 'archives'), store);
    const forms = openFormStore(cacheFolder(cache, 'encoded'), store);
    const keysOf = ({ layer }: Revision): LayerSpec['keys'] =>
      distribution.layers.find(({ name }) => name === layer)?.keys;
    const entries = entryReader(storage, { ...distribution, keysOf }, cache, store.source(storage));
    const verified = openVerified(cacheFolder(cache, 'signatures'));
    signatures = signatureJudge(keysOf, verified);
    const result = await use({ store, zips, forms, entries, signatures });
    zips.close();
    forms.close();
    verified.close(store.build);
    return result;
  } finally {
    await signatures?.close();
    await store.close();
  }
}

function contentsOf({ signature }: Revision, { zip, files }: Entry): string[] {
  return [signature, zip, ...files.map(({ content }) => content)].flatMap((id) => id ?? []);
}

/** The revisions that are in their places already, by id. Undefined if the cache lacks one. */
export function findPlaced(
  revisions: readonly Revision[],
  { entries, zips, store }: Stores,
): Map<string, PlacedRevision> | undefined {
  const found = new Map<string, PlacedRevision>();
  for (const revision of revisions) {
    const entry = entries.find(revision);
    if (!entry || !contentsOf(revision, entry).every(store.has)) return undefined;
    const made = entry.zip === undefined ? zips.find(entry) : store.get(entry.zip);
    if (!made) return undefined;
    const { name, version } = entry.revision;
    const path = zipPath(name, version);
    const { size, digest } = made;
    found.set(revision.id, {
      entry,
      zip: { path, size, digest, type: 'application/zip', cache: 'files' },
      signature:
        revision.signature === undefined
          ? undefined
          : contentFile(store, revision.signature, signaturePath(name, version)),
    });
  }
  return found;
}
