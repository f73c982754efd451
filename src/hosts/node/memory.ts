/** Values by key, with a limit on memory. The least recently used value goes first. */
export interface Memory<Value> {
  /** The value, from memory or by `read`. */
  get(key: string, read: () => Promise<Value>): Promise<Value>;
  /** The value from memory alone. */
  kept(key: string): Value | undefined;
  clear(): void;
}

/**
 * Keeps at most `most` bytes, and no value larger than an eighth of that. `weigh` gives the bytes of a value, or
 * Infinity for one that must not be kept.
 */
export function boundedMemory<Value>(most: number, weigh: (value: Value) => number): Memory<Value> {
  let kept = new Map<string, { readonly value: Value; readonly weight: number }>();
  let bytes = 0;
  const find = (key: string): { readonly value: Value } | undefined => {
    const found = kept.get(key);
    if (!found) return undefined;
    kept.delete(key);
    kept.set(key, found);
    return found;
  };
  return {
    kept: (key) => find(key)?.value,
    get: async (key, read) => {
      const found = find(key);
      if (found) return found.value;
      const before = kept;
      const value = await read();
      const weight = weigh(value) + key.length + OVERHEAD;
      // A value that was read before a `clear` may be outdated.
      if (weight > most / 8 || kept !== before || kept.has(key)) return value;
      kept.set(key, { value, weight });
      bytes += weight;
      for (const [oldest, entry] of kept) {
        if (bytes <= most) break;
        kept.delete(oldest);
        bytes -= entry.weight;
      }
      return value;
    },
    clear: () => {
      kept = new Map();
      bytes = 0;
    },
  };
}

/** About the bytes of an entry besides its key and its value. */
const OVERHEAD = 1024;
