import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { asByteString } from '../../tree/byte-string.ts';
import type { ByteString } from '../../tree/byte-string.ts';
import { findCurrent } from '../../tree/current.ts';
import { shownText } from '../../tree/text.ts';
import { UnreadableFile } from './handler.ts';
import type { SiteFiles } from './handler.ts';

/** The files of a built site in a folder, for `fetchHandler` on hosts with a file system: Deno, Bun, Node, Lambda. */
export function folderFiles(folder: string): SiteFiles {
  return {
    bytes: (path) => read(folder, asByteString(path), (place) => readFile(place)),
    range: async ({ path, size, start, end }) =>
      await read(folder, path, async (place) => {
        const found = await stat(place);
        if (!found.isFile() || found.size !== size) return undefined;
        const stream = createReadStream(place, { start, end: end - 1 });
        await once(stream, 'open'); // an error that comes later can't be answered any more
        return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
      }),
  };
}

/** What `use` reads of a file of the site, whose path is a byte string; undefined where there is none. */
async function read<T>(
  folder: string,
  path: ByteString,
  use: (place: string) => Promise<T | undefined>,
): Promise<T | undefined> {
  return await findCurrent(folder, path, (tree) => ifThere(join(tree, shownText(path)), use));
}

/** What is read at a place; undefined where nothing is there. Throws an `UnreadableFile` where reading fails otherwise. */
export async function ifThere<Place extends string | Buffer, Result>(
  place: Place,
  read: (place: Place) => Promise<Result | undefined>,
): Promise<Result | undefined> {
  try {
    return await read(place);
  } catch (error) {
    if (NOT_THERE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new UnreadableFile(String(place), error);
  }
}

/** The last one is of a name that came from a client: no site holds one of that length. */
const NOT_THERE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);
