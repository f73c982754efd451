/** The bytes of files by path, the least recently used forgotten first, so that memory stays below a bound. */
export interface Memory {
  /** The bytes, from memory or by `read`, whose undefined is not kept. */
  get(path: string, read: () => Promise<Buffer | undefined>): Promise<Buffer | undefined>;
  clear(): void;
}

/** `most` bytes are kept together, and no file larger than an eighth of them. */
export function fileMemory(most: number): Memory {
  const kept = new Map<string, Buffer>();
  let bytes = 0;
  const forget = (path: string, found: Buffer): void => {
    kept.delete(path);
    bytes -= found.length + OVERHEAD;
  };
  return {
    get: async (path, read) => {
      const found = kept.get(path);
      if (found) {
        kept.delete(path);
        kept.set(path, found);
        return found;
      }
      const fresh = await read();
      if (!fresh || fresh.length > most / 8 || kept.has(path)) return fresh;
      kept.set(path, fresh);
      bytes += fresh.length + OVERHEAD;
      for (const [oldest, content] of kept) {
        if (bytes <= most) break;
        forget(oldest, content);
      }
      return fresh;
    },
    clear: () => {
      kept.clear();
      bytes = 0;
    },
  };
}

/** What an entry costs beside its bytes, about. */
const OVERHEAD = 256;
