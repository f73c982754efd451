import { lstatSync } from 'node:fs';
import { contentTime } from './content-time.ts';
import { addFolders, filesIn, listPaths, sectionsOf } from './glance.ts';
import type { Glance } from './glance.ts';

/*
 * Whether somebody touched a site since a build made it, without reading its files. The time of a file follows from its content, and
 * a folder gets a new time with each name that comes or goes. So paths that are links to one file need one look at the file, and one at
 * each folder.
 */

/**
 * Paths of a site that are not as a build left them at a time (milliseconds since 1970): files of another size or time, and folders
 * and lists that changed later. Bytes that are altered with the time set back are not among them. `glances` are those of all sections
 * of its lists. Throws an Error where a list can't be read.
 */
export async function touchedPaths(folder: string, since: number, glances: readonly Glance[]): Promise<string[]> {
  const lists = await listPaths(folder);
  const folders = new Set<string>(['']);
  for (const glance of glances) for (const path of glance.folders) folders.add(path);
  for (const list of lists) addFolders(folders, list);
  const later = [...folders, ...lists].filter((path) => {
    const stats = lstatSync(`${folder}/${path}`, { throwIfNoEntry: false });
    return stats?.mtimeMs === undefined || stats.mtimeMs > since || stats.isDirectory() !== folders.has(path);
  });
  const doubtful = [...contentsOf(glances)].filter(([digest, content]) => {
    const names = namesAsMade(`${folder}/${content.path}`, { ...content, digest });
    return names < content.count;
  });
  return [...later, ...(await touchedFiles(folder, new Set(doubtful.map(([digest]) => digest))))];
}

interface Content {
  /** One of its files. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** The number of its files. */
  count: number;
}

function contentsOf(glances: readonly Glance[]): Map<string, Content> {
  const contents = new Map<string, Content>();
  for (const { paths, sizes, digests, counts } of glances)
    for (const [i, digest] of digests.entries()) {
      const known = contents.get(digest);
      if (known) known.count += counts[i] as number;
      else contents.set(digest, { path: paths[i] as string, size: sizes[i] as number, count: counts[i] as number });
    }
  return contents;
}

/**
 * How many names a file has, if it is as a build makes it; otherwise 0. Where it has as many as its content has paths, these are its
 * names: no folder changed since they were made.
 */
function namesAsMade(path: string, { size, digest }: { readonly size: number; readonly digest: string }): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  const isAsMade = stats?.isFile() === true && stats.size === size && stats.mtimeMs === 1000 * contentTime(digest);
  return isAsMade ? stats.nlink : 0;
}

/** Of the files with some digests, those that are not as a build makes them: a look at each. */
async function touchedFiles(folder: string, digests: ReadonlySet<string>): Promise<string[]> {
  const touched: string[] = [];
  if (digests.size > 0)
    for await (const { lines } of sectionsOf(folder))
      for (const file of filesIn(lines))
        if (digests.has(file.digest) && namesAsMade(`${folder}/${file.path}`, file) === 0) touched.push(file.path);
  return touched;
}
