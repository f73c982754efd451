import { readFile } from 'node:fs/promises';
import { isAbsence, Stop } from '../errors.ts';

/** The code that answers on a host, as `npm run compile` has made it. Throws a `Stop` where it has not. */
export async function readBundle(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if (!isAbsence(error)) throw error;
    throw new Stop('no-bundle', `${file} is missing`, 'npm run compile makes it', error);
  }
}
