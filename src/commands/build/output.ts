import { existsSync, realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { isUrl } from '../../config.ts';
import { isAbsence, Stop } from '../../errors.ts';
import { refuseLink } from '../../tree/commit/output-file.ts';
import { CHANGE, REGISTRY } from '../../tree/layout.ts';

/*
 * Where a build may write: a wrong `--out` must not cost anybody a folder.
 */

export interface Outputs {
  /** The site's folder. */
  readonly folder: string;
  /** The folder beside it for a host, if there is one. */
  readonly host: string | undefined;
  /** The storage: a path, or a URL; undefined if there is none. */
  readonly storage: string | undefined;
  readonly cache: string;
}

/** Throws a `Stop` where a folder that is to be written is a link, where it lies in the storage, or holds the storage or the cache. */
export function refuseBadOutput({ folder, host, storage, cache }: Outputs): void {
  for (const output of host === undefined ? [folder] : [folder, host]) {
    refuseLink(output, 'choose another folder with --out');
    const path = storage === undefined || isUrl(storage) ? undefined : resolve(storage);
    if (path !== undefined) refuseWithin(output, path);
    refuseHolding(output, { what: 'the storage', path });
    refuseHolding(output, { what: 'the cache', path: resolve(cache) });
  }
}

/** In a repository that has a work tree, only the packages and git's own files are the storage's. */
function refuseWithin(output: string, storage: string): void {
  const isWorkTree = existsSync(join(storage, '.git'));
  for (const part of isWorkTree ? [join(storage, '.git'), join(storage, 'packages')] : [storage])
    if (isWithin(output, part)) throw bad(`${output} lies in the storage ${storage}`);
}

function refuseHolding(output: string, { what, path }: { what: string; path: string | undefined }): void {
  if (path !== undefined && isWithin(path, output))
    throw bad(`${what} ${path} lies in ${output}, where a build would remove it`);
}

function bad(problem: string): Stop {
  return new Stop('bad-output', problem, 'choose another folder with --out');
}

/** Whether a path is a folder or lies in it, by where links lead. */
function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [realPath(path), realPath(folder)];
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : `${outer}${sep}`);
}

/** Where a path leads, whose end need not be there yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!isAbsence(error) || dirname(path) === path) throw error;
    return join(realPath(dirname(path)), basename(path));
  }
}

/** Throws a `Stop` where the site's folder holds anything but a site. Only for the holder of the lock: others see a site half moved. */
export async function refuseOther(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (!isAbsence(error)) throw error;
    return existsSync(folder) ? ['a file'] : [];
  });
  if (names.length === 0 || names.includes(REGISTRY) || names.includes(CHANGE)) return;
  throw new Stop(
    'not-a-site',
    `${folder} exists and is not a site`,
    'choose another folder with --out, or remove this one',
  );
}
