import { createHash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { STORED } from '../tree/store-form.ts';
import type { Place } from '../tree/store-form.ts';

/** The content at a place of an object; undefined where what lies there is none of that size. */
export function contentAt(object: Buffer, [, start, length, method, size]: Place): Buffer | undefined {
  return contentOf(object.subarray(start, start + length), { method, size });
}

/** The content that some bytes of an object stand for; undefined where they stand for none of that size. */
export function contentOf(
  bytes: Buffer,
  { method, size }: { readonly method: Place[3]; readonly size: number },
): Buffer | undefined {
  const content = method === STORED ? bytes : inflated(bytes, size);
  return content?.length === size ? content : undefined;
}

/** Whether a content has a digest, in hex, or a digest that begins so. */
export function hasDigest(content: Buffer, digest: string): boolean {
  return createHash('sha256').update(content).digest('hex').startsWith(digest);
}

function inflated(stream: Buffer, size: number): Buffer | undefined {
  try {
    return inflateRawSync(stream, { maxOutputLength: Math.max(1, size) });
  } catch {
    return undefined; // inflating alone: no stream, or one of more bytes
  }
}
