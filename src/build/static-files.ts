import { join } from 'node:path';
import { walkOrder } from '../paths.ts';

/** The files that are copied into a site: the source for each path in the site. Files of a later folder win. */
export async function staticFiles(folders: readonly string[]): Promise<[path: string, source: string][]> {
  const { default: fastGlob } = await import('fast-glob');
  const sources = new Map<string, string>();
  for (const folder of folders)
    for (const path of await fastGlob('**', { cwd: folder, dot: true })) sources.set(path, join(folder, path));
  return walkOrder([...sources.keys()]).map((path) => [path, sources.get(path) as string]);
}
