import { removeNow, renameOver } from './leftovers.ts';

/**
 * Has `write` make a file under the name `temporary`, and puts it at `path`: until then, whatever is there stays. Where `write` throws,
 * or gives undefined because there is nothing to keep, nothing is left.
 */
export function writeAside<T>(
  { path, temporary }: { readonly path: string; readonly temporary: string },
  write: (temporary: string) => T,
): T {
  let isPlaced = false;
  try {
    const result = write(temporary);
    if (result !== undefined) {
      renameOver(temporary, path);
      isPlaced = true;
    }
    return result;
  } finally {
    if (!isPlaced) removeNow(temporary);
  }
}
