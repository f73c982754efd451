import { lstatSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Stop } from '../../errors.ts';
import { isSystemError } from '../../system-errors.ts';
import { atExit } from './at-exit.ts';
import { clearLeftovers, removeNow, temporaryName } from './leftovers.ts';

/*
 * Files that a person keeps: each takes its place by a rename, which would put it where a link stands, and not where the link leads. So
 * links are refused.
 */

/** Throws a `Stop` where a file or folder that is to be written is a symbolic link. `advice` says what else to do than to remove the link. */
export function refuseLink(output: string, advice?: string): void {
  if (!lstatSync(output, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const hint = advice === undefined ? 'remove the link' : `remove the link, or ${advice}`;
  throw new Stop('bad-output', `${output} is a symbolic link, which would be replaced`, hint);
}

/**
 * Writes a file in one step: its readers see the old or the new one. Where that fails, the old one stays, nothing else is left, and
 * the error names the file.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  refuseLink(file);
  clearLeftovers(dirname(file), basename(file));
  const temporary = temporaryName(file);
  const clear = (): void => removeNow(temporary);
  const leave = atExit(clear);
  try {
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, file);
  } catch (error) {
    throw namedAs(file, error);
  } finally {
    clear();
    leave();
  }
}

/**
 * Puts files and their sum, a file that vouches for them, in the places of which they lie under temporary names, and removes what is
 * stale then. At no time does the sum of some files lie beside others.
 */
export async function placeWithSum(
  files: Iterable<string>,
  { sum, stale }: { readonly sum: string; readonly stale: readonly string[] },
): Promise<void> {
  await rm(sum, { force: true });
  for (const path of stale) await rm(path, { force: true });
  for (const path of [...files, sum]) await rename(temporaryName(path), path);
}

/** An error of the system, by the name that the user knows: the temporary one means nothing to anybody. */
function namedAs(file: string, error: unknown): unknown {
  return isSystemError(error) ? Object.assign(error, { path: file, dest: undefined }) : error;
}
