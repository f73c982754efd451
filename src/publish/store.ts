import { createHash } from 'node:crypto';
import { Stop } from '../errors.ts';

/*
 * A place that holds objects by key: a folder, or a bucket of an object store. An object is either there whole or not at all.
 */

/** A store as those see it who only read: nothing is written to it, be it a folder on a disk that can't be written. */
export interface ReadOnlyStore {
  /** As the user wrote it. */
  readonly url: string;
  /** What was asked of it until now. */
  readonly traffic: Traffic;
  /** The bytes of an object; undefined where there is none. `tag` is for `swap`. */
  read(key: string): Promise<{ readonly bytes: Buffer; readonly tag: string } | undefined>;
  /** Some bytes of an object: from `start` up to `end`, or fewer where it is shorter; undefined where there is none. */
  range(key: string, start: number, end: number): Promise<Buffer | undefined>;
  /** Everything whose key begins with a prefix. */
  list(prefix: string): AsyncIterable<Listed>;
  /** The time by the clock of the store, in milliseconds since 1970. */
  now(): Promise<number>;
}

export interface Store extends ReadOnlyStore {
  /** Sends an object, unless one of that key is there: then it gives false. With `replace`, sends it in any case. */
  put(object: Sent, options?: { readonly replace?: boolean }): Promise<boolean>;
  /** Puts an object in the place of the one with a tag (undefined: of none). False where another one lies there. */
  swap(object: Sent, tag: string | undefined): Promise<boolean>;
  /** Removes what is there of some keys. */
  remove(keys: readonly string[]): Promise<void>;
}

/** An object on its way to a store. */
export interface Sent {
  readonly key: string;
  readonly bytes: Buffer;
  readonly type: string;
  /** `Cache-Control`. */
  readonly cache: string;
}

export interface Listed {
  readonly key: string;
  readonly size: number;
  /** By the clock of the store, in milliseconds since 1970. */
  readonly changed: number;
}

/** Requests by kind, and the bytes that were sent. */
export interface Traffic {
  gets: number;
  puts: number;
  lists: number;
  deletes: number;
  sent: number;
}

export function noTraffic(): Traffic {
  return { gets: 0, puts: 0, lists: 0, deletes: 0, sent: 0 };
}

export const IMMUTABLE = 'public, max-age=31536000, immutable';

/** A store that only counts what would be sent to another one. */
export function dryStore(store: ReadOnlyStore): Store {
  const count = ({ bytes }: Sent): Promise<boolean> => {
    store.traffic.puts++;
    store.traffic.sent += bytes.length;
    return Promise.resolve(true);
  };
  return {
    url: store.url,
    traffic: store.traffic,
    read: (key) => store.read(key),
    range: (key, start, end) => store.range(key, start, end),
    list: (prefix) => store.list(prefix),
    now: () => store.now(),
    put: count,
    swap: count,
    remove: (keys) => {
      store.traffic.deletes += keys.length;
      return Promise.resolve();
    },
  };
}

/** Reads an object that is called by its digest. Throws a `Stop` where it is missing, or another one. */
export async function readNamed(store: ReadOnlyStore, key: string, digest: string): Promise<Buffer> {
  const found = await store.read(key);
  if (found && createHash('sha256').update(found.bytes).digest('hex') === digest) return found.bytes;
  const problem = found ? 'is not what its name says' : 'is missing';
  throw new Stop('store-damaged', `${key} ${problem} in ${store.url}`, 'publish again, with --check');
}
