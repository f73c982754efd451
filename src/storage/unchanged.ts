import { open, readFile } from 'node:fs/promises';
import { isAbsence } from '../errors.ts';
import type { Lack } from './lack.ts';
import { NOT_THERE } from './lack.ts';
import { blobHash, blobId } from './object-id.ts';

/** A file that was changed since it was listed is as good as missing: its bytes are no longer what its id says. */
export async function readUnchanged(path: string | undefined, content: string): Promise<Buffer | Lack> {
  if (path === undefined) return NOT_THERE;
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw error;
  });
  return bytes && blobId(bytes) === content ? bytes : NOT_THERE;
}

/** The path of a file, if it still is what was listed. It may be large, so it is read piece by piece. */
export async function unchangedFile(path: string, content: string): Promise<string | Lack> {
  try {
    return (await idOf(path)) === content ? path : NOT_THERE;
  } catch (error) {
    if (isAbsence(error)) return NOT_THERE;
    throw error;
  }
}

async function idOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  const id = blobHash(size);
  for await (const piece of file.createReadStream({ highWaterMark: PIECE })) id.update(piece as Buffer);
  return id.digest('hex');
}

/** Bytes. */
const PIECE = 2 ** 18;
