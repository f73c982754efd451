import { constants, copyFileSync, linkSync, statSync, utimesSync } from 'node:fs';
import { errorCode } from '../../errors.ts';

/** Puts the content of a file at another path: a hard link, or a copy of the same time if the file system can't link. */
export function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'ENOSYS'].includes(errorCode(error))) throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    const { atime, mtime } = statSync(from);
    utimesSync(to, atime, mtime);
  }
}
