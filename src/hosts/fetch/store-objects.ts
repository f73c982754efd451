import { DEFLATED, objectKey } from '../../tree/store-form.ts';
import type { ObjectName, Place } from '../../tree/store-form.ts';
import { UnreadableFile } from './site-files.ts';

/*
 * The objects of a store as a reader gets them: nothing comes from here that isn't what the release names.
 */

/** What a reader asks of a store. Undefined means that there is no such object; an error, that it can't be read. */
export interface StoreReader {
  read(key: string): Promise<{ readonly bytes: Uint8Array } | undefined>;
  /** The bytes from `start` up to `end`, or fewer where the object is shorter. */
  range(key: string, start: number, end: number): Promise<Uint8Array | undefined>;
  /** How objects are read that are too large for the memory. Without it, all are read whole. */
  readonly large?: LargeObjects;
}

export interface LargeObjects {
  /** Opens an object, or a part of it; undefined where there is none. */
  open(key: string, part?: ObjectPart): Promise<OpenObject | undefined>;
  /** The SHA-256 of a stream, in hex. */
  digest(stream: ReadableStream<Uint8Array>): Promise<string>;
}

/** The bytes from `start` up to `end` of the object with this tag. Of any other object, opening them is an error. */
export interface ObjectPart {
  readonly start: number;
  readonly end: number;
  readonly tag: string;
}

export interface OpenObject {
  /** Tells this object from a later one of the same key. */
  readonly tag: string;
  readonly stream: ReadableStream<Uint8Array>;
}

/** Reads objects, and checks what it can. Throws an `UnreadableFile` that names the object where it is missing or damaged. */
export interface StoreObjects {
  /** An object that isn't named by its digest; undefined where there is none. */
  document(key: string): Promise<Uint8Array | undefined>;
  /** A whole object. */
  whole(name: ObjectName): Promise<Uint8Array>;
  /** The content at a place of an object. `digest` is that of the content, or its beginning; undefined is for the caller to check. */
  content(name: ObjectName, place: Place, digest: string | undefined): Promise<Uint8Array<ArrayBuffer>>;
  /** The bytes from `start` up to `end` of an object that is right as a whole. */
  part(name: ObjectName, start: number, end: number): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>>;
}

/** Larger objects are streamed, where the store can do so. */
const LARGE = 8 * 2 ** 20;

export function storeObjects(store: StoreReader): StoreObjects {
  /** The tags of large objects whose digests were right. */
  const right = new Map<string, string>();
  const whole = async ([digest, size]: ObjectName): Promise<Uint8Array> => {
    const key = objectKey(digest);
    const bytes = (await asRead(key, () => store.read(key)))?.bytes;
    if (!bytes) throw new UnreadableFile(key, MISSING);
    if (bytes.length !== size) throw new UnreadableFile(key, `it has ${bytes.length} bytes, and not ${size}`);
    await requireDigest(key, bytes, digest);
    return bytes;
  };
  return {
    document: async (key) => (await asRead(key, () => store.read(key)))?.bytes,
    whole,
    content: async ([object], [, start, length, method, size], digest) => {
      const key = objectKey(object);
      const bytes = length === 0 ? NOTHING : await asRead(key, () => store.range(key, start, start + length));
      if (!bytes) throw new UnreadableFile(key, MISSING);
      if (bytes.length !== length) throw new UnreadableFile(key, 'it is too short');
      const content = method === DEFLATED ? await inflated(key, bytes) : plain(bytes);
      if (content.length !== size) throw new UnreadableFile(key, `it holds ${content.length} bytes, and not ${size}`);
      if (digest !== undefined) await requireDigest(key, content, digest);
      return content;
    },
    part: async (name, start, end) => {
      const [digest, size] = name;
      if (!store.large || size <= LARGE) return plain((await whole(name)).subarray(start, end));
      const tag = right.get(digest) ?? (await tagOf(store.large, name));
      right.set(digest, tag);
      return await streamed(store.large, name, { start, end, tag }).catch((error: unknown) => {
        right.delete(digest); // it may be another object now, whose digest is to be looked at next time
        throw error;
      });
    },
  };
}

const NOTHING = new Uint8Array(0);
const MISSING = 'it is missing, and the release names it';
const ALTERED = "it isn't what the release names";

/** Reads a large object once, and gives its tag. */
async function tagOf(large: LargeObjects, [digest]: ObjectName): Promise<string> {
  const key = objectKey(digest);
  const found = await asRead(key, () => large.open(key));
  if (!found) throw new UnreadableFile(key, MISSING);
  if ((await asRead(key, () => large.digest(found.stream))) !== digest) throw new UnreadableFile(key, ALTERED);
  return found.tag;
}

async function streamed(large: LargeObjects, [digest]: ObjectName, part: ObjectPart): Promise<OpenObject['stream']> {
  const key = objectKey(digest);
  const found = await asRead(key, () => large.open(key, part));
  if (!found) throw new UnreadableFile(key, MISSING);
  return found.stream;
}

async function inflated(key: string, bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const stream = new Blob([plain(bytes)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new UnreadableFile(key, error);
  }
}

/** Throws an `UnreadableFile` where some bytes of an object don't have a digest, in hex, or one that begins so. */
export async function requireDigest(key: string, content: Uint8Array, digest: string): Promise<void> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', plain(content)));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (!hex.startsWith(digest)) throw new UnreadableFile(key, ALTERED);
}

/** Throws an `UnreadableFile` where an object isn't what `parse` takes. */
export function parsed<T>(key: string, bytes: Uint8Array, parse: (text: string) => T): T {
  try {
    return parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new UnreadableFile(key, error);
  }
}

async function asRead<T>(key: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof UnreadableFile ? error : new UnreadableFile(key, error);
  }
}

/** The same bytes, in a form that a response takes. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
