import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { temporaryName } from '../../tree/commit/leftovers.ts';
import type { ContentStore } from './contents.ts';
import type { Entry } from '../entry.ts';
import { keptLists } from './checked-files.ts';
import type { StoredZip, ZipRow, ZipTask } from '../threads/tasks.ts';

/** The zips of packages, kept from build to build. A zip of an earlier build is checked before it is used. */
export interface ZipStore {
  /**
   * Puts the zip of a package at `path`. All contents of the package must be in the store. Undefined if one of them is
   * broken.
   */
  place(entry: Entry, path: string): Promise<StoredZip | undefined>;
  /** The facts that an earlier build kept about the zip of a package. The zip itself is not checked. */
  find(entry: Entry): StoredZip | undefined;
  /** Keeps the new zips for later builds. */
  close(): void;
}

/** On disk: `<first two digits of the key>/<key>.zip`, made in `folder` itself, and lists of facts about the zips. */
export function openZipStore(folder: string, contents: ContentStore): ZipStore {
  const known = keptLists<StoredZip>(folder);
  const made: [string, StoredZip][] = [];
  const { pool } = contents;
  return {
    find: (entry) => known.get(keyOf(entry)),
    close: () => known.add(contents.build, made),
    place: async (entry, path) => {
      const key = keyOf(entry);
      const kept = join(folder, key.slice(0, 2), `${key}.zip`);
      const old = known.get(key);
      const isWhole = old && (await pool.run('check', { path: kept, kept: old }));
      const zip = isWhole
        ? old
        : await pool.run('zip', zipTask(entry, kept, temporaryName(join(folder, key)), contents));
      if (!zip) return undefined;
      if (!isWhole) made.push([key, zip]);
      await pool.run('link', { from: kept, to: path });
      return zip;
    },
  };
}

function zipTask(
  { revision, files, folders }: Entry,
  path: string,
  temporary: string,
  contents: ContentStore,
): ZipTask {
  const packs: Record<string, string> = {};
  const rows = files.map(({ path: name, content }): ZipRow => {
    const { size, crc32, pack, offset, deflatedSize, deflatedCrc32 } = contents.get(content);
    packs[pack] ??= contents.packFile(pack);
    return [name, size, crc32, pack, offset, deflatedSize, deflatedCrc32];
  });
  const top = `${revision.name}-${revision.version}`;
  return { top, packs, files: rows, folders, path, temporary };
}

function keyOf({ revision, files, folders }: Entry): string {
  const hash = createHash('sha256').update(`${FORMAT} ${revision.name}-${revision.version}`);
  for (const { path, content } of files) hash.update(`\0${path}\0${content}`);
  for (const folder of folders) hash.update(`\0${folder}/`);
  return hash.digest('hex').slice(0, 40);
}

/** Increase it when the bytes of zips change. */
const FORMAT = 1;
