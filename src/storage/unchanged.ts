import { readFile } from 'node:fs/promises';
import { isAbsence } from '../errors.ts';
import { Lack, NOT_THERE } from './lack.ts';
import { blobId } from './object-id.ts';

/** A file that was changed since it was listed is as good as missing: its bytes are no longer what its id says. */
export async function readUnchanged(path: string | undefined, content: string): Promise<Buffer | Lack> {
  if (path === undefined) return NOT_THERE;
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw error;
  });
  return bytes && blobId(bytes) === content ? bytes : NOT_THERE;
}

/** The path of a file, if it still is what was listed. */
export async function unchangedFile(path: string, content: string): Promise<string | Lack> {
  const bytes = await readUnchanged(path, content);
  return bytes instanceof Lack ? bytes : path;
}
