import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ArchiveFormat } from '../../bundle/archive.ts';
import { LIST_EXTENSION } from '../../bundle/contents-list.ts';
import { parseSize } from '../../bundle/sizes.ts';
import { Stop } from '../../errors.ts';
import type { SiteOptions } from '../site-folder.ts';

/*
 * What the options ask for.
 */

export type BundleFormat = 'bundle' | 'overlay' | ArchiveFormat;

export interface BundleOptions extends SiteOptions {
  /** By default `bundle`, unless the name of the file says that it is an archive. */
  readonly format?: BundleFormat | undefined;
  /** The file to write. By default it is beside the site and has its name. */
  readonly file?: string | undefined;
  /** What the other side has: the folder of a site, a bundle, a list of contents, or a `want.json`. */
  readonly since?: string | undefined;
  /** The most bytes of a file, as people write sizes. */
  readonly maxPart?: string | undefined;
}

export interface Output {
  readonly format: BundleFormat;
  readonly file: string;
  readonly since: string | undefined;
  /** Bytes. */
  readonly maxPart: number;
}

/** What the options ask for. Throws a `Stop` where they don't go together. */
export function outputOf(folder: string, { format, file, since, maxPart }: BundleOptions): Output {
  const named = /\.(tar\.gz|zip)$/.exec(file ?? '')?.[1] as ArchiveFormat | undefined;
  const chosen = format ?? named ?? 'bundle';
  if (chosen === 'overlay' && since === undefined)
    throw new Stop('usage', '--format overlay needs --since', 'name the folder of the site that the other side has');
  if ((chosen !== 'bundle' && maxPart !== undefined) || (isArchive(chosen) && since !== undefined))
    throw new Stop('usage', `--since and --max-part don't go with --format ${chosen}`, 'leave out --format');
  const most = maxPart === undefined ? Number.MAX_SAFE_INTEGER : parseSize(maxPart);
  if (most === undefined) throw new Stop('usage', `--max-part ${maxPart} is no size`, 'write it as 4G or 700M');
  const extension = isArchive(chosen)
    ? chosen
    : chosen === 'overlay'
      ? 'overlay.tar'
      : since === undefined
        ? 'tar'
        : 'delta.tar';
  const output = resolve(file ?? `${folder}.${extension}`);
  for (const path of [output, `${output}${LIST_EXTENSION}`]) refuseSame(path, since);
  return { format: chosen, file: output, since, maxPart: most };
}

/** A run that is repeated would take what the first one made for what the other side has. */
function refuseSame(output: string, since: string | undefined): void {
  if (since === undefined || !existsSync(since) || !existsSync(output)) return;
  if (realpathSync(since) !== realpathSync(output)) return;
  const hint = 'move what the other side has elsewhere, or name another file with --file';
  throw new Stop('usage', `--since ${since} is a file that this bundle would replace`, hint);
}

export function isArchive(format: BundleFormat): format is ArchiveFormat {
  return format === 'tar.gz' || format === 'zip';
}
