import { createHash } from 'node:crypto';
import { closeSync, createWriteStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { blobHash } from '../storage/object-id.ts';
import { clearLeftovers, removeNow, renameOver, temporaryName } from '../tree/commit/leftovers.ts';
import { contentTime, setContentTime } from '../tree/content-time.ts';
import { makeFolder } from '../tree/make-folder.ts';
import type { HeldFile } from './mirroring.ts';

/** The zips and signatures of all registries, each once, in files that are called by their digests. */
export interface Contents {
  /** Keeps bytes as they come, once `check` has not thrown; it receives a file that has them already, and what they will be. */
  keep(body: AsyncIterable<Buffer>, check: (file: string, held: HeldFile) => Promise<void>): Promise<HeldFile>;
  /** The content of a digest; undefined if it isn't there, or isn't what it was. */
  find(digest: string): HeldFile | undefined;
  /** Whether a content is still as it was. It is read only if its size or time tell that somebody changed it. */
  isWhole(held: Pick<HeldFile, 'digest' | 'size'>): boolean;
  fileOf(digest: string): string;
}

/** The contents in a folder of the cache. Files of a killed run are removed. */
export function openContents(folder: string): Contents {
  makeFolder(folder);
  clearLeftovers(folder, '');
  const fileOf = (digest: string): string => join(folder, digest.slice(0, 2), digest);
  const find = (digest: string): HeldFile | undefined => {
    const file = fileOf(digest);
    const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
    const facts = isFile ? describe(file) : undefined;
    if (facts?.digest !== digest) return undefined;
    setContentTime(file, digest);
    return { file, ...facts };
  };
  let incoming = 0;
  return {
    fileOf,
    find,
    isWhole: ({ digest, size }) => {
      const stats = statSync(fileOf(digest), { throwIfNoEntry: false });
      if (!stats?.isFile() || stats.size !== size) return false;
      return stats.mtimeMs === 1000 * contentTime(digest) || find(digest) !== undefined;
    },
    keep: async (body, check) => {
      const temporary = temporaryName(join(folder, `incoming-${++incoming}`));
      try {
        await pipeline(body, createWriteStream(temporary, { flags: 'wx' }));
        const facts = describe(temporary);
        const held = { file: fileOf(facts.digest), ...facts };
        await check(temporary, held);
        setContentTime(temporary, held.digest);
        makeFolder(join(folder, held.digest.slice(0, 2)));
        renameOver(temporary, held.file);
        return held;
      } catch (error) {
        removeNow(temporary);
        throw error;
      }
    },
  };
}

/** What a file holds. It may be large, so it is read piece by piece. */
function describe(file: string): Omit<HeldFile, 'file'> {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const [digest, content] = [createHash('sha256'), blobHash(size)];
    const piece = Buffer.allocUnsafe(Math.max(1, Math.min(size, PIECE)));
    for (let read = readSync(handle, piece); read > 0; read = readSync(handle, piece)) {
      digest.update(piece.subarray(0, read));
      content.update(piece.subarray(0, read));
    }
    return { size, digest: digest.digest('hex'), content: content.digest('hex') };
  } finally {
    closeSync(handle);
  }
}

const PIECE = 2 ** 20;
