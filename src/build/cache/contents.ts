import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { clearLeftovers, temporaryName } from '../../tree/commit/leftovers.ts';
import type { ContentSource } from '../../package/contents.ts';
import { Lack } from '../../storage/lack.ts';
import type { Storage } from '../../storage/storage.ts';
import { keptLists } from './checked-files.ts';
import type { KeptLists } from './checked-files.ts';
import { contentPlace } from '../threads/tasks.ts';
import type { StoredContent } from '../threads/tasks.ts';
import { startPool } from '../threads/pool.ts';
import type { ThreadPool } from '../threads/pool.ts';

/**
 * Every different content once, kept from build to build: as a file to which sites link, and as a raw deflate stream
 * for zips. A content of an earlier build is checked before it is used; a broken or missing one is made again.
 */
export interface ContentStore {
  readonly pool: ThreadPool;
  /** Stores a content, unless it is there already. Returns what `read` lacks. It calls `read` at most once. */
  ensure(id: string, read: () => Promise<Buffer | Lack>): Promise<Lack | undefined>;
  /** The contents of a storage, each taken in as soon as it is judged, so that the storage is not asked for it twice. */
  source(storage: Pick<Storage, 'read'>): ContentSource;
  /** A content that `ensure` has taken in, or that an earlier build has kept, then unchecked. Throws an Error for others. */
  get(id: string): StoredContent;
  /** Whether `get` knows a content: an earlier build may have lost its list. */
  has(id: string): boolean;
  /** A content that this build or an earlier one has stored, by its SHA-256 in hex. */
  withDigest(digest: string): StoredContent | undefined;
  readonly folder: string;
  /** The name of this build, which its packs and lists carry. */
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
  const packFolder = join(folder, 'packs');
  const lists = keptLists<StoredContent>(packFolder);
  clearLeftovers(folder, '');
  const packs = openPacks(packFolder);
  const { pool, build } = packs;
  const known = knownContents(lists);
  const ensure = contentMaker(folder, pool, known);
  return {
    pool,
    folder,
    build,
    packFile: packs.file,
    ensure,
    source: (storage) => async (id, judge) => {
      const bytes = await storage.read(id);
      if (bytes instanceof Lack) return bytes;
      const verdict = judge(bytes);
      await ensure(id, () => Promise.resolve(bytes)); // gives the bytes away
      return verdict;
    },
    has: (id) => known.get(id) !== undefined,
    get: (id) => {
      const found = known.get(id);
      if (!found) throw new Error(`content ${id} is not in the store`);
      return found;
    },
    withDigest: known.withDigest,
    keepPack: packs.keep,
    forget: known.forget,
    close: async () => {
      const made = known.ready().filter(([, { pack }]) => pool.packs.has(pack));
      await packs.close(made.map(([, { pack }]) => pack));
      lists.add(build, made);
    },
  };
}

/** The packs of a store, and the threads of this build, each of which writes a new one. */
interface Packs {
  readonly build: string;
  readonly pool: ThreadPool;
  file(pack: string): string;
  keep(pack: string): void;
  /** Ends the threads. Of their packs, those stay that are in use or to be kept. */
  close(inUse: readonly string[]): Promise<void>;
}

function openPacks(folder: string): Packs {
  const build = `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
  const final = (pack: string): string => join(folder, `${pack}.pack`);
  const pool = startPool((i) => ({ name: `${build}-${i}`, file: temporaryName(final(`${build}-${i}`)) }));
  const kept = new Set<string>();
  return {
    build,
    pool,
    file: (pack) => pool.packs.get(pack) ?? final(pack),
    keep: (pack) => void kept.add(pack),
    close: async (inUse) => {
      await pool.close();
      const used = new Set([...kept, ...inUse]);
      for (const [pack, file] of pool.packs)
        if (used.has(pack)) await rename(file, final(pack));
        else await rm(file, { force: true });
    },
  };
}

/** The facts about contents. */
interface KnownContents {
  /** Of a content that an earlier build has kept. */
  kept(id: string): StoredContent | undefined;
  get(id: string): StoredContent | undefined;
  withDigest(digest: string): StoredContent | undefined;
  /** Whether this build has checked or made a content. */
  isReady(id: string): boolean;
  setReady(id: string, content: StoredContent): void;
  ready(): (readonly [id: string, content: StoredContent])[];
  forget(id: string): void;
}

function knownContents(lists: KeptLists<StoredContent>): KnownContents {
  const ready = new Map<string, StoredContent>();
  const forgotten = new Set<string>();
  let byDigest: ReadonlyMap<string, StoredContent> | undefined;
  return {
    kept: (id) => lists.get(id),
    get: (id) => ready.get(id) ?? lists.get(id),
    withDigest: (digest) => {
      byDigest ??= new Map([...lists.values(), ...ready.values()].map((content) => [content.digest, content]));
      return byDigest.get(digest);
    },
    isReady: (id) => ready.has(id) && !forgotten.has(id),
    setReady: (id, content) => {
      ready.set(id, content);
      forgotten.delete(id);
    },
    ready: () => [...ready],
    forget: (id) => {
      lists.delete(id);
      forgotten.add(id); // the facts about it stay until it is made again, because others may ask for them
    },
  };
}

/** Checks contents that an earlier build has kept, and makes the others. It does so once, even if several revisions ask together. */
function contentMaker(folder: string, pool: ThreadPool, known: KnownContents): ContentStore['ensure'] {
  const pending = new Map<string, Promise<Lack | undefined>>();
  const make = async (id: string, read: () => Promise<Buffer | Lack>): Promise<Lack | undefined> => {
    const path = contentPlace(folder, id);
    const old = known.kept(id);
    if (old && (await pool.run('check', { path, kept: old }))) {
      known.setReady(id, old);
      return undefined;
    }
    const bytes = await read();
    if (bytes instanceof Lack) return bytes;
    const task = { path, temporary: temporaryName(join(folder, id)), bytes };
    known.setReady(id, await pool.run('store', task, ownBuffer(bytes)));
    return undefined;
  };
  return (id, read) => {
    const underWay = pending.get(id);
    if (underWay) return underWay;
    if (known.isReady(id)) return IS_THERE;
    const making = make(id, read).finally(() => pending.delete(id));
    pending.set(id, making);
    return making;
  };
}

const IS_THERE = Promise.resolve(undefined);

/** The memory of the bytes, if nothing else is in it, so that it can be given to another thread. */
function ownBuffer({ buffer, byteLength, byteOffset }: Buffer): ArrayBuffer | undefined {
  const isOwn = buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength - byteLength <= 1;
  return isOwn ? buffer : undefined;
}
