import { getSystemErrorMap } from 'node:util';

/*
 * Errors of the operating system: a disk is full, a file can't be read, a program isn't there. They are nobody's bug, so a command
 * that ends with one says in plain words what failed, on which file, and what to do.
 */

export interface SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  /** The call that failed, such as `open`. */
  readonly syscall: string;
  /** The file that the call was about; a call on an open file doesn't tell. */
  path?: string;
  readonly dest?: string;
}

export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'syscall' in error && 'errno' in error && 'code' in error;
}

/** What a message to another thread leaves out of such an error: put back by `Object.assign`, it is whole again. */
export function systemFields(error: unknown): Partial<SystemError> {
  return isSystemError(error) ? { ...error } : {};
}

/** Two lines for a person: what failed, and what to do about it. */
export function describeSystemError({ code, errno, syscall, path, dest }: SystemError): { text: string; hint: string } {
  const [, reason] = getSystemErrorMap().get(errno) ?? [code, code];
  const call = CALLS[syscall] ?? syscall;
  const what = [`can't ${call}`, ...(path === undefined ? [] : [path]), ...(dest === undefined ? [] : [`to ${dest}`])];
  return { text: `${what.join(' ')}: ${reason}`, hint: HINTS[code] ?? 'correct that, and run the command again' };
}

/** A call -> what a person calls it, where that is another word. */
const CALLS: Readonly<Record<string, string>> = {
  copyfile: 'copy',
  fstat: 'read',
  lstat: 'read',
  mkdir: 'create',
  mkdtemp: 'create',
  rmdir: 'remove',
  scandir: 'read',
  stat: 'read',
  unlink: 'remove',
};

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'check the permissions of that path, or choose another one',
  EDQUOT: 'free some of your disk quota, or choose a folder on another disk',
  EIO: 'the disk reports a fault: check it, or choose a folder on another disk',
  EMFILE: 'allow more open files (ulimit -n), and run the command again',
  ENFILE: 'close other programs: the system has too many open files',
  ENOENT: 'check the path; if another program removed the file meanwhile, run the command again',
  ENOSPC: 'free some space, or choose a folder on another disk',
  ENOTDIR: 'a part of that path is a file: choose another path',
  EISDIR: 'that path is a folder: choose another path',
  EPERM: 'check the permissions of that path, or choose another one',
  EROFS: 'the file system is read-only: choose a folder on another one',
};
