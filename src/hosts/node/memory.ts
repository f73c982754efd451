/** Values by key, the least recently used forgotten first, so that memory stays below a bound. */
export interface Memory<Value> {
  /** The value, from memory or by `read`. */
  get(key: string, read: () => Promise<Value>): Promise<Value>;
  clear(): void;
}

/**
 * `most` bytes are kept together, and no value larger than an eighth of them. `weigh` says how many a value takes;
 * Infinity for one that is not to be kept.
 */
export function boundedMemory<Value>(most: number, weigh: (value: Value) => number): Memory<Value> {
  let kept = new Map<string, { readonly value: Value; readonly weight: number }>();
  let bytes = 0;
  return {
    get: async (key, read) => {
      const found = kept.get(key);
      if (found) {
        kept.delete(key);
        kept.set(key, found);
        return found.value;
      }
      const before = kept;
      const value = await read();
      const weight = weigh(value) + key.length + OVERHEAD;
      // What was read before a `clear` may be of the time before it.
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

/** What an entry costs beside its key and its value, about. */
const OVERHEAD = 1024;
