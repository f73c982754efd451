import { existsSync, lstatSync, readdirSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { errorCode, isAbsence, Stop } from '../../errors.ts';
import { CHANGE, HOST_RECORD, INDEX, MANIFEST } from '../../tree/layout.ts';

/*
 * Where `apply` may write: a wrong `--to` must not cost anybody a folder.
 */

/** The folder of a host beside that of the site; the site's own for ''. */
export function placeOf(folder: string, host: string): string {
  return host === '' ? folder : `${folder}.${host}`;
}

/** Throws a `Stop` where a folder is a link or a mount point, holds anything but a site (or what a host needs of one), or holds a file that is to be read. */
export function refuseOtherFolder(folder: string, host: string, files: readonly string[]): void {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Stop('bad-output', `${folder} is a symbolic link`, 'give the folder that it leads to');
  if (isMountPoint(folder))
    throw new Stop(
      'bad-output',
      `${folder} is a mount point, so nothing beside it can take its place by one rename`,
      `give a folder in it: --to ${join(folder, 'site')}`,
    );
  const inner = files.find((file) => isIn(folder, file));
  if (inner !== undefined)
    throw new Stop(
      'bad-output',
      `${inner} lies in ${folder}, which will hold the site and nothing else`,
      'move the file elsewhere',
    );
  const names = namesIn(folder);
  const own = host === '' ? [INDEX, MANIFEST, CHANGE] : [HOST_RECORD, CHANGE];
  if (names.length === 0 || own.some((path) => existsSync(join(folder, path)))) return;
  const what = host === '' ? 'a site' : `what a build writes for ${host}`;
  throw new Stop(
    'not-a-site',
    `${folder} exists and is not ${what}`,
    'choose another folder with --to, or remove this one',
  );
}

/** Whether a file lies in a folder, by whatever links it was named. */
function isIn(folder: string, file: string): boolean {
  return existsSync(folder) && realpathSync(file).startsWith(`${realpathSync(folder)}${sep}`);
}

function isMountPoint(folder: string): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.dev !== statSync(dirname(folder)).dev;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return ['a file'];
    if (isAbsence(error)) return [];
    throw error;
  }
}

/** Throws a `Stop` where new files of these sizes don't fit on the disk of a folder. */
export function refuseFullDisk(folder: string, sizes: readonly number[]): void {
  const { bavail, bsize } = statfsSync(dirname(folder));
  const needed = sizes.reduce((sum, size) => sum + Math.ceil(size / bsize) * bsize, 0);
  if (needed <= bavail * bsize) return;
  const problem = `${folder} needs ${inMegabytes(needed)} of new files, and ${inMegabytes(bavail * bsize)} are free on its disk`;
  throw new Stop('no-space', problem, 'free some space, or choose a folder on another disk; nothing was changed');
}

/** `12.3 MB`, of a number of bytes. */
export function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
