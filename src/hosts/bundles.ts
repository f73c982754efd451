import { readFile } from 'node:fs/promises';
import { isAbsence, Stop } from '../errors.ts';

/** The code for a host, which `npm run compile` makes. Throws a `Stop` if it is missing. */
export async function readBundle(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if (!isAbsence(error)) throw error;
    throw new Stop('no-bundle', `${file} is missing`, 'npm run compile makes it', error);
  }
}
