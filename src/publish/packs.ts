import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { DEFLATED, STORED } from '../tree/store-form.ts';
import type { Place } from '../tree/store-form.ts';

/*
 * Packs hold many small contents of a release, one behind another, each as a raw deflate stream where that is shorter.
 */

/** A pack that is whole. */
export interface Pack {
  /** SHA-256, in hex. */
  readonly digest: string;
  readonly bytes: Buffer;
}

/** A pack to which contents are added. */
export interface OpenPack {
  /** Adds a content, and gives its place; `object` is what the caller calls the pack. */
  add(content: Buffer, object: number): Place;
  /** Bytes so far. */
  size(): number;
  close(): Pack;
}

export function openPack(): OpenPack {
  const parts: Buffer[] = [];
  let size = 0;
  return {
    add: (content, object) => {
      const deflated = deflateRawSync(content);
      const isShorter = deflated.length < content.length;
      const bytes = isShorter ? deflated : content;
      const place: Place = [object, size, bytes.length, isShorter ? DEFLATED : STORED, content.length, crc32(content)];
      parts.push(bytes);
      size += bytes.length;
      return place;
    },
    size: () => size,
    close: () => {
      const bytes = Buffer.concat(parts);
      return { digest: createHash('sha256').update(bytes).digest('hex'), bytes };
    },
  };
}
