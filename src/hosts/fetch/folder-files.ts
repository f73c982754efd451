import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { SiteFiles } from './handler.ts';

/** The files of a built site in a folder, for `fetchHandler` on hosts with a file system: Deno, Bun, Node, Lambda. */
export function folderFiles(folder: string): SiteFiles {
  return {
    bytes: (path) => readFile(join(folder, path)).catch(() => undefined),
    range: async ({ path, start, end }) => {
      const name = join(folder, Buffer.from(path, 'latin1').toString());
      const found = await stat(name).catch(() => undefined);
      if (!found?.isFile()) return undefined;
      return Readable.toWeb(createReadStream(name, { start, end: end - 1 })) as ReadableStream<Uint8Array>;
    },
  };
}
