import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadTasks } from '../../src/build/threads/tasks.ts';
import type { StoredZip } from '../../src/build/threads/tasks.ts';

/** Path inside the top folder -> content. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** Makes zips as a build does, by the tasks that its threads have. */
export interface ZipMaker {
  /** The file in which the deflate streams lie that zips are assembled from. */
  readonly pack: string;
  /** The zip, and what the task says of it; undefined where a deflate stream isn't what was written. */
  make(
    top: string,
    files: Files,
    folders?: readonly string[],
  ): { readonly bytes: Buffer; readonly said: StoredZip } | undefined;
}

/** `folder` has to be there, and gets the contents, their deflate streams and the last zip. */
export function zipMaker(folder: string): ZipMaker {
  const pack = join(folder, 'pack');
  const path = join(folder, 'made.zip');
  const tasks = threadTasks({ name: 'pack', file: pack });
  const stored = new Map<string, ReturnType<typeof tasks.store>>();
  const store = (bytes: Uint8Array): ReturnType<typeof tasks.store> => {
    const id = createHash('sha256').update(bytes).digest('hex');
    const content =
      stored.get(id) ?? tasks.store({ path: join(folder, 'contents', id), temporary: `${path}.tmp`, bytes });
    stored.set(id, content);
    return content;
  };
  return {
    pack,
    make: (top, files, folders = []) => {
      const rows = [...files].map(([name, bytes]) => {
        const { size, crc32, offset, deflatedSize, deflatedCrc32 } = store(bytes);
        return [name, size, crc32, 'pack', offset, deflatedSize, deflatedCrc32] as const;
      });
      const said = tasks.zip({ top, packs: { pack }, files: rows, folders, path, temporary: `${path}.tmp` });
      return said && { bytes: readFileSync(path), said };
    },
  };
}
