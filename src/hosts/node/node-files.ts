import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { FileBody } from '../../core/response.ts';
import { folderFiles } from '../fetch/folder-files.ts';
import type { Log, SiteFiles } from '../fetch/site-files.ts';
import { storeFiles } from '../fetch/store-files.ts';
import type { StoreReader } from '../fetch/store-files.ts';

/** The files of a site as Node serves them. What is not what the site says of it counts as unreadable. */
export interface NodeFiles extends Required<SiteFiles> {
  /** The whole of a file that a list or the index names. */
  whole(file: FileBody): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** The bytes from `start` up to `end`, as they arrive. */
  stream(file: FileBody): Promise<Readable | undefined>;
}

/** Those of a site in a folder. */
export function nodeFolderFiles(folder: string): NodeFiles {
  const files = folderFiles(folder);
  return {
    ...files,
    stream: async (file) => {
      const opened = await files.open(file);
      return opened?.createReadStream({ start: file.start, end: file.end - 1 }); // which closes the file
    },
  };
}

/** Those of the current release of a store. */
export function nodeStoreFiles(store: StoreReader, log: Log): NodeFiles {
  const files = storeFiles(store, log);
  return {
    ...files,
    whole: async (file) => {
      const found = await files.range({ ...file, start: 0, end: file.size });
      return found instanceof ReadableStream ? new Uint8Array(await new Response(found).arrayBuffer()) : found;
    },
    stream: async (file) => {
      const found = await files.range(file);
      if (found === undefined) return undefined;
      return found instanceof ReadableStream ? Readable.fromWeb(found as WebStream) : Readable.from([found]);
    },
  };
}
