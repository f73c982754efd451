import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { FileBody } from '../../core/response.ts';
import { findCurrent } from '../../tree/current.ts';
import { INDEX, RELEASE } from '../../tree/layout.ts';
import { folderChecks } from './folder-checks.ts';
import type { FolderChecks } from './folder-checks.ts';
import { UnreadableFile } from './site-files.ts';
import type { SiteFiles, SiteState } from './site-files.ts';

/** The files of a site in a folder. What is not what the site says of it counts as unreadable. */
export interface FolderFiles extends Required<SiteFiles> {
  bytes(path: string): Promise<Buffer | undefined>;
  /** The whole of a file that a list or the index names. */
  whole(file: FileBody): Promise<Buffer<ArrayBuffer> | undefined>;
  /** The same, open. The caller closes it. */
  open(file: FileBody): Promise<FileHandle | undefined>;
}

/** The files of a built site in a folder, for `fetchHandler` on hosts with a file system: Deno, Bun, Node, Lambda. */
export function folderFiles(folder: string): FolderFiles {
  let identity: string | undefined;
  let checks = checksOf(folder, undefined);
  /** Opens a file and uses it, with the checks of the site of that moment. `use` closes it, unless it throws. */
  const opened = async <T>(path: string, use: (file: FileHandle, known: FolderChecks) => Promise<T>) => {
    const known = checks;
    return await readAt(folder, path, async (place) => {
      const file = await open(place);
      try {
        return await use(file, known);
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  };
  const files: FolderFiles = {
    state: async () => {
      const state = await stateOf(folder);
      if (state?.identity !== identity) checks = checksOf(folder, state?.identity);
      identity = state?.identity;
      return state;
    },
    bytes: async (path) => {
      const known = checks;
      return await readAt(folder, path, async (place) => {
        const bytes = await contentOf(place);
        await known.text(path, bytes);
        return bytes;
      });
    },
    open: async (body) =>
      await opened(body.path, async (file, known) => {
        await known.file(body, file);
        return file;
      }),
    whole: async (body) =>
      await opened(body.path, async (file, known) => {
        const bytes = await known.whole(body, file);
        await file.close();
        return bytes;
      }),
    range: async (body) => {
      if (body.end - body.start === body.size && body.size <= SMALL) return await files.whole(body);
      const file = await files.open(body);
      return file && streamOf(file, body);
    },
  };
  return files;
}

/** Checks for the site with an identity; for any, without one. */
function checksOf(folder: string, identity: string | undefined): FolderChecks {
  return folderChecks({
    bytes: (path) => readAt(folder, path, contentOf),
    isThere: async () => identity === undefined || (await stateOf(folder))?.identity === identity,
  });
}

async function stateOf(folder: string): Promise<SiteState | undefined> {
  const [index, release] = await Promise.all(
    [INDEX, RELEASE].map((path) => readAt(folder, path, (place) => stat(place, { bigint: true }))),
  );
  const identity = [index, release].map((file) => `${file?.ino} ${file?.size} ${file?.ctimeNs}`).join(', ');
  return index && { identity, changed: Number(index.ctimeMs / 1000n) };
}

/** Bytes. Smaller files are read at once. */
const SMALL = 2 ** 20;
/** The bytes of one read. */
const CHUNK = 2 ** 16;

function streamOf(file: FileHandle, { start, end }: FileBody): ReadableStream<Uint8Array> {
  let at = start;
  return new ReadableStream({
    pull: async (controller) => {
      const chunk = new Uint8Array(Math.min(CHUNK, end - at));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
      if (bytesRead > 0) controller.enqueue(chunk.subarray(0, bytesRead));
      at += bytesRead;
      if (bytesRead > 0 && at < end) return;
      await file.close();
      if (at < end) controller.error(new Error('the file became shorter while it was sent'));
      else controller.close();
    },
    cancel: async () => await file.close(),
  });
}

/**
 * What is read of a file of a site, whose path is a byte string; undefined where it isn't there. Throws an `UnreadableFile` where
 * reading fails otherwise.
 */
async function readAt<Result>(
  folder: string,
  path: string,
  read: (place: Buffer) => Promise<Result>,
): Promise<Result | undefined> {
  return await findCurrent(folder, path, (tree) =>
    ifThere(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(path, 'latin1')]), read),
  );
}

/** The bytes of a file. Deno's `readFile` takes no bytes for a path, and its `open` does. */
async function contentOf(place: Buffer): Promise<Buffer> {
  const file = await open(place);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function ifThere<Result>(place: Buffer, read: (place: Buffer) => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read(place);
  } catch (error) {
    if (NOT_THERE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error instanceof UnreadableFile ? error : new UnreadableFile(String(place), error);
  }
}

/** The last one is of a name that came from a client: no site holds one of that length. */
const NOT_THERE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);
