import { join, sep } from 'node:path';

/**
 * The place of a path below a folder. Throws an Error for a path that leads out of the folder, or to the folder itself.
 */
export function inside(folder: string, path: string): string {
  const root = join(folder, sep);
  const full = join(root, path);
  if (!full.startsWith(root) || full === root || path.includes('\0'))
    throw new Error(`${JSON.stringify(path)} leaves the site`);
  return full;
}
