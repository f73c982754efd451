import { join, resolve } from 'node:path';
import { readBundle } from '../../hosts/bundles.ts';
import { readerHosts, readerPath } from '../../hosts/hosts.ts';
import type { ReaderHostName } from '../../hosts/hosts.ts';
import { replaceFile } from '../../tree/commit/output-file.ts';
import { makeFolder } from '../../tree/make-folder.ts';

export interface ReaderOptions {
  readonly host: ReaderHostName;
  /** The store. */
  readonly at: string;
  readonly out?: string | undefined;
}

export interface ReaderReport {
  readonly host: ReaderHostName;
  readonly at: string;
  readonly folder: string;
  /** The files in it, with their bytes. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
  /** Commands to go on with. */
  readonly next: readonly string[];
}

/** Writes the program of a host. Throws a `Stop` where the host can't read the store, or the program was not compiled. */
export async function writeReader({ host, at, out = `dist/reader.${host}` }: ReaderOptions): Promise<ReaderReport> {
  const folder = resolve(out);
  const program = await readerHosts[host].program();
  const bundle = readerPath(host);
  const files = program.files(at, bundle === undefined ? '' : (await readBundle(bundle)).toString('utf8'));
  makeFolder(folder);
  for (const [name, text] of files) await replaceFile(join(folder, name), text);
  const sizes = [...files].map(([path, text]) => ({ path, size: Buffer.byteLength(text) }));
  return { host, at, folder, files: sizes, next: program.next(at, folder) };
}
