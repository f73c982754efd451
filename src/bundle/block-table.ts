/*
 * A table of blocks of known bytes, by a hash that can roll.
 */

/** Bytes of a block: nothing shorter is found. */
export const BLOCK = 64;

/** Where blocks lie. */
export interface BlockTable {
  /** Enters the blocks of a source that begin from `start` on and end before `end`. Both count from the source's start; blocks lie at multiples of their size. */
  enter(source: number, bytes: Uint8Array, start: number, end: number): void;
  /** The slot of the first block with a hash; -1 where there is none. */
  find(hash: number): number;
  sourceAt(slot: number): number;
  /** The offset in the source. */
  offsetAt(slot: number): number;
}

/** An empty table, which grows to a limit. Then it takes no more. */
export function blockTable(): BlockTable {
  let { size, hashes, offsets, sources } = slots(SMALLEST);
  let room = size * FULLEST;
  const slotOf = (hash: number): number => {
    let slot = spread(hash) & (size - 1);
    while (sources[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) & (size - 1);
    return slot;
  };
  const grow = (): void => {
    const before = { size, hashes, offsets, sources };
    ({ size, hashes, offsets, sources } = slots(2 * before.size));
    room = (size - before.size) * FULLEST;
    for (let old = 0; old < before.size; old++) {
      if (before.sources[old] === 0) continue;
      const slot = slotOf(before.hashes[old] as number);
      [hashes[slot], offsets[slot], sources[slot]] = [
        before.hashes[old] as number,
        before.offsets[old] as number,
        before.sources[old] as number,
      ];
    }
  };
  return {
    enter: (source, bytes, start, end) => {
      for (let at = Math.ceil(start / BLOCK) * BLOCK; at + BLOCK <= end && room > 0; at += BLOCK) {
        const hash = hashAt(bytes, at);
        const slot = slotOf(hash);
        if (sources[slot] !== 0) continue; // the first of equal blocks is as good as any
        [hashes[slot], offsets[slot], sources[slot]] = [hash, at / BLOCK, source + 1];
        if (--room <= 0 && size < LARGEST) grow();
      }
    },
    find: (hash) => {
      const slot = slotOf(hash);
      return sources[slot] === 0 ? -1 : slot;
    },
    sourceAt: (slot) => (sources[slot] as number) - 1,
    offsetAt: (slot) => (offsets[slot] as number) * BLOCK,
  };
}

/** The hash of the block at a place. */
export function hashAt(bytes: Uint8Array, at: number): number {
  let hash = 0;
  for (let i = at; i < at + BLOCK; i++) hash = (Math.imul(hash, FACTOR) + (bytes[i] as number)) | 0;
  return hash >>> 0;
}

/** The hash of the block that begins one byte later. */
export function roll(hash: number, leaving: number, entering: number): number {
  return (Math.imul(hash, FACTOR) + entering - Math.imul(leaving, FACTOR_OF_FIRST)) >>> 0;
}

/** Odd, and so that the powers of it go through many values. */
const FACTOR = 0x08088405;
const FACTOR_OF_FIRST = Array.from({ length: BLOCK }).reduce((power: number) => Math.imul(power, FACTOR), 1);

function slots(size: number) {
  return { size, hashes: new Uint32Array(size), offsets: new Uint32Array(size), sources: new Uint16Array(size) };
}

/** 16 thousand to 8 million slots, of 10 bytes. */
const SMALLEST = 2 ** 14;
const LARGEST = 2 ** 23;
const FULLEST = 0.6;

/** The low bits of a hash depend on the low bits of bytes alone. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
