import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { formatTree, inTreeOrder } from './git/tree.ts';
import type { TreeEntry } from './git/tree.ts';

/* Git's ids of objects (gitformat-pack, "object id"), by which all kinds of storage name what they hold. */

export type ObjectType = 'blob' | 'tree' | 'commit';

/** The id of a content, in a repository of this format. */
export function blobId(bytes: Uint8Array, format: 'sha1' | 'sha256' = 'sha1'): string {
  return objectId('blob', bytes, format);
}

/** Becomes the id of a content of this many bytes, by SHA-1, once it has them all. */
export function blobHash(size: number): Hash {
  return hashOf('blob', size, 'sha1');
}

/** The id of a folder with these entries, in any order. */
export function treeId(entries: readonly TreeEntry[]): string {
  return objectId('tree', formatTree(inTreeOrder(entries)), 'sha1');
}

/** Whether an object is what its id says; the length of the id tells which kind of ids a repository has. */
export function isObject(id: string, type: ObjectType, bytes: Uint8Array): boolean {
  return objectId(type, bytes, id.length === SHA256_LENGTH ? 'sha256' : 'sha1') === id;
}

const SHA256_LENGTH = 64;

function objectId(type: ObjectType, bytes: Uint8Array, algorithm: 'sha1' | 'sha256'): string {
  return hashOf(type, bytes.length, algorithm).update(bytes).digest('hex');
}

function hashOf(type: ObjectType, size: number, algorithm: 'sha1' | 'sha256'): Hash {
  return createHash(algorithm).update(`${type} ${size}\0`);
}
