import type { StoredContent } from '../threads/tasks.ts';
import { interning } from '../interning.ts';

/** Facts about contents, by id. Of each, only the id stays an object: a heap of tens of thousands of others is what a large build is made of. */
export interface ContentTable {
  get(id: string): StoredContent | undefined;
  has(id: string): boolean;
  /** Takes in a content, in the place of the one with its id. */
  set(id: string, content: StoredContent): void;
  entries(): Generator<readonly [id: string, content: StoredContent]>;
}

/** An empty table. */
export function contentTable(): ContentTable {
  const places = new Map<string, number>();
  const texts = interning<string>();
  let numbers = new Float64Array(SMALLEST * NUMBERS);
  let digests = Buffer.alloc(SMALLEST * DIGEST);
  const placeOf = (id: string): number => {
    const place = places.get(id) ?? places.size;
    places.set(id, place);
    if ((place + 1) * DIGEST > digests.length) {
      digests = Buffer.concat([digests, Buffer.alloc(digests.length)]);
      const before = numbers;
      numbers = new Float64Array(2 * before.length);
      numbers.set(before);
    }
    return place;
  };
  const at = (place: number): StoredContent => {
    const [size = 0, crc32 = 0, sniffed = 0, pack = 0, offset = 0, deflatedSize = 0, deflatedCrc32 = 0] =
      numbers.subarray(place * NUMBERS, (place + 1) * NUMBERS);
    return {
      size,
      digest: digests.toString('hex', place * DIGEST, (place + 1) * DIGEST),
      crc32,
      sniffed: texts.all[sniffed] as string,
      pack: texts.all[pack] as string,
      offset,
      deflatedSize,
      deflatedCrc32,
    };
  };
  return {
    has: (id) => places.has(id),
    get: (id) => {
      const place = places.get(id);
      return place === undefined ? undefined : at(place);
    },
    set: (id, { size, digest, crc32, sniffed, pack, offset, deflatedSize, deflatedCrc32 }) => {
      const place = placeOf(id);
      const [type, own] = [texts.add(sniffed), texts.add(pack)];
      numbers.set([size, crc32, type, own, offset, deflatedSize, deflatedCrc32], place * NUMBERS);
      digests.write(digest, place * DIGEST, 'hex');
    },
    *entries() {
      for (const [id, place] of places) yield [id, at(place)];
    },
  };
}

/** Numbers of each content, and bytes of its digest. */
const NUMBERS = 7;
const DIGEST = 32;
/** Contents for which there is room at first. */
const SMALLEST = 1024;
