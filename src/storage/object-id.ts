import { createHash } from 'node:crypto';
import { formatTree, inTreeOrder } from './git/tree.ts';
import type { TreeEntry } from './git/tree.ts';

/* Git's ids of objects (gitformat-pack, "object id"), by which all kinds of storage name what they hold. */

/** The id of a content. */
export function blobId(bytes: Uint8Array): string {
  return objectId('blob', bytes);
}

/** The id of a folder with these entries, in any order. */
export function treeId(entries: readonly TreeEntry[]): string {
  return objectId('tree', formatTree(inTreeOrder(entries)));
}

function objectId(type: 'blob' | 'tree', bytes: Uint8Array): string {
  return createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
}
