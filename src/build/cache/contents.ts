import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryName } from '../../tree/commit/leftovers.ts';
import type { ContentSource } from '../../package/contents.ts';
import type { Storage } from '../../storage/storage.ts';
import { keptLists } from './checked-files.ts';
import { contentPlace } from '../threads/tasks.ts';
import type { StoredContent } from '../threads/tasks.ts';
import { startWorkers } from '../threads/pool.ts';
import type { Workers } from '../threads/pool.ts';

/**
 * Every different content once, kept from build to build: as a file to which sites link, and as a raw deflate stream
 * for zips. A content of an earlier build is checked before it is used; a broken or missing one is made again.
 */
export interface ContentStore {
  readonly workers: Workers;
  /** Stores a content, unless it is there already. Returns false if `read` has none. It calls `read` at most once. */
  ensure(id: string, read: () => Promise<Buffer | undefined>): Promise<boolean>;
  /** The contents of a storage, each taken in as soon as it is judged, so that the storage is not asked for it twice. */
  source(storage: Pick<Storage, 'read'>): ContentSource;
  /** A content that `ensure` has taken in, or that an earlier build has kept, then unchecked. Throws an Error for others. */
  get(id: string): StoredContent;
  /** A content that this build or an earlier one has stored, by its SHA-256 in hex. */
  withDigest(digest: string): StoredContent | undefined;
  readonly folder: string;
  /** The name of this build among those that keep something. */
  readonly build: string;
  /** The file of a pack. */
  packFile(pack: string): string;
  /** Has a pack of this build kept, though it may hold no content. */
  keepPack(pack: string): void;
  /** Forgets a content, so that `ensure` makes it again. */
  forget(id: string): void;
  /** Keeps the new contents for later builds. */
  close(): Promise<void>;
}

/*
 * On disk: `raw/<first two digits>/<id>`; packs of deflate streams, `packs/<name>.pack`, each written by one thread of one
 * build, and lists, `packs/<name>.ndjson`, a line a content: `[id, StoredContent]`. A content counts once it is listed.
 */

/** Opens the store in a folder. Links work only if the folder is on the file system of the sites. */
export async function openContentStore(folder: string): Promise<ContentStore> {
  const packs = join(folder, 'packs');
  const kept = keptLists<StoredContent>(packs);
  const ready = new Map<string, StoredContent>();
  const pending = new Map<string, Promise<boolean>>();
  const forgotten = new Set<string>();
  const keptPacks = new Set<string>();
  let byDigest: ReadonlyMap<string, StoredContent> | undefined;
  const build = `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
  const final = (pack: string): string => join(packs, `${pack}.pack`);
  const workers = startWorkers((i) => ({ name: `${build}-${i}`, file: temporaryName(final(`${build}-${i}`)) }));
  const make = async (id: string, read: () => Promise<Buffer | undefined>): Promise<boolean> => {
    const old = kept.get(id);
    if (old && (await workers.run('check', { path: contentPlace(folder, id), kept: old }))) {
      ready.set(id, old);
      return true;
    }
    const bytes = await read();
    if (!bytes) return false;
    ready.set(id, await workers.run('store', { path: contentPlace(folder, id), bytes }, ownBuffer(bytes)));
    return true;
  };
  const ensure: ContentStore['ensure'] = (id, read) => {
    if (ready.has(id) && !forgotten.has(id)) return IS_THERE;
    const known = pending.get(id);
    if (known) return known;
    forgotten.delete(id);
    const making = make(id, read).finally(() => pending.delete(id));
    pending.set(id, making);
    return making;
  };
  return {
    workers,
    folder,
    build,
    packFile: (pack) => workers.packs.get(pack) ?? final(pack),
    ensure,
    source: (storage) => async (id, judge) => {
      const bytes = await storage.read(id);
      if (!bytes) return undefined;
      const verdict = judge(bytes);
      await ensure(id, () => Promise.resolve(bytes)); // gives the bytes away
      return verdict;
    },
    get: (id) => {
      const found = ready.get(id) ?? kept.get(id);
      if (!found) throw new Error(`content ${id} is not in the store`);
      return found;
    },
    withDigest: (digest) => {
      byDigest ??= new Map([...kept.values(), ...ready.values()].map((content) => [content.digest, content]));
      return byDigest.get(digest);
    },
    keepPack: (pack) => void keptPacks.add(pack),
    forget: (id) => {
      kept.delete(id);
      forgotten.add(id); // the facts about it stay until it is made again, because others may ask for them
    },
    close: async () => {
      await workers.close();
      const made = [...ready].filter(([, { pack }]) => workers.packs.has(pack));
      const used = new Set([...keptPacks, ...made.map(([, content]) => content.pack)]);
      for (const [pack, file] of workers.packs)
        if (used.has(pack)) await rename(file, final(pack));
        else await rm(file, { force: true });
      kept.add(build, made);
    },
  };
}

const IS_THERE = Promise.resolve(true);

/** The memory of the bytes, if nothing else is in it, so that it can be given to another thread. */
function ownBuffer({ buffer, byteLength, byteOffset }: Buffer): ArrayBuffer | undefined {
  const isOwn = buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength - byteLength <= 1;
  return isOwn ? buffer : undefined;
}
