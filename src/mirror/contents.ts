import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobId } from '../storage/object-id.ts';
import { clearLeftovers, removeNow, renameOver, temporaryName } from '../tree/commit/leftovers.ts';
import { contentTime, setContentTime } from '../tree/content-time.ts';
import { makeFolder } from '../tree/make-folder.ts';
import type { HeldFile } from './mirroring.ts';

/** The zips and signatures of all registries, each once, in files that are called by their digests. */
export interface Contents {
  /** Keeps bytes once `check` has not thrown; it receives a file that has them already, and what they will be. */
  keep(bytes: Buffer, check: (file: string, held: HeldFile) => Promise<void>): Promise<HeldFile>;
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
  const describe = (bytes: Buffer): HeldFile => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    return { file: fileOf(digest), size: bytes.length, digest, content: blobId(bytes) };
  };
  const find = (digest: string): HeldFile | undefined => {
    const isFile = statSync(fileOf(digest), { throwIfNoEntry: false })?.isFile() ?? false;
    const bytes = isFile ? readFileSync(fileOf(digest)) : undefined;
    const held = bytes === undefined ? undefined : describe(bytes);
    if (held?.digest !== digest) return undefined;
    setContentTime(held.file, digest);
    return held;
  };
  return {
    fileOf,
    find,
    isWhole: ({ digest, size }) => {
      const stats = statSync(fileOf(digest), { throwIfNoEntry: false });
      if (!stats?.isFile() || stats.size !== size) return false;
      return stats.mtimeMs === 1000 * contentTime(digest) || find(digest) !== undefined;
    },
    keep: async (bytes, check) => {
      const held = describe(bytes);
      const temporary = temporaryName(join(folder, `${held.digest}-${randomBytes(4).toString('hex')}`));
      try {
        writeFileSync(temporary, bytes);
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
