import { createHash } from 'node:crypto';

/** Git's id of a blob (gitformat-pack, "object id"): the name of its content across all kinds of storage. */
export function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
