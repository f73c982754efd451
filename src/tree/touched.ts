import { lstatSync } from 'node:fs';
import { contentTime } from './content-time.ts';
import { addFolders, listPaths, sectionsOf } from './glance.ts';
import type { Glance } from './glance.ts';
import { filesIn } from './list-lines.ts';

/*
 * Whether somebody touched a site since a build made it, without reading its files. The time of a file follows from its content, and
 * a folder gets a new time with each name that comes or goes. So paths that are links to one file need one look at the file, and one at
 * each folder.
 */

/**
 * Folders and lists of a site that changed after a time, in milliseconds since 1970. `glances` are those of all sections of its lists.
 * Throws an Error where a list can't be read.
 */
export async function touchedFolders(folder: string, since: number, glances: Iterable<Glance>): Promise<string[]> {
  const lists = await listPaths(folder);
  const folders = new Set<string>(['']);
  for (const glance of glances) for (const path of glance.folders) folders.add(path);
  for (const list of lists) addFolders(folders, list);
  return [...folders, ...lists].filter((path) => {
    const stats = lstatSync(`${folder}/${path}`, { throwIfNoEntry: false });
    return stats?.mtimeMs === undefined || stats.mtimeMs > since || stats.isDirectory() !== folders.has(path);
  });
}

/**
 * Files of a site whose size or time is not as a build left it. Bytes that are altered with the time set back are not among them. The
 * rest is as for `touchedFolders`, and what that finds may make files miss here.
 */
export async function touchedFiles(folder: string, glances: Iterable<Glance>): Promise<string[]> {
  const contents = new Map<string, Content>();
  for (const glance of glances) addContents(contents, glance);
  const doubtful = [...contents].filter(([digest, content]) => {
    const names = namesAsMade(`${folder}/${content.path}`, { ...content, digest });
    return names < content.count;
  });
  const digests = new Set(doubtful.map(([digest]) => digest));
  const touched: string[] = [];
  if (digests.size > 0)
    for await (const { lines } of sectionsOf(folder))
      for (const file of filesIn(lines))
        if (digests.has(file.digest) && namesAsMade(`${folder}/${file.path}`, file) === 0) touched.push(file.path);
  return touched;
}

interface Content {
  /** One of its files. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** The number of its files. */
  count: number;
}

/** Adds the contents of a glance, by their digests. */
function addContents(contents: Map<string, Content>, { paths, sizes, digests, counts }: Glance): void {
  for (const [i, digest] of digests.entries()) {
    const known = contents.get(digest);
    if (known) known.count += counts[i] as number;
    else contents.set(digest, { path: paths[i] as string, size: sizes[i] as number, count: counts[i] as number });
  }
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
