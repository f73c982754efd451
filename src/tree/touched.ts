import { existsSync, lstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentTime } from './content-time.ts';
import { ENCODED_LIST } from './layout.ts';
import { manifestPartPaths } from './manifest.ts';

/*
 * Whether somebody touched a site since a build made it, without reading its files. The time of a file follows from its content, and
 * a folder gets a new time with each name that comes or goes. So paths that are links to one file need one look at the file, and one at
 * each folder.
 */

/** The listed files of one content. */
interface Content {
  readonly path: string;
  readonly size: number;
  readonly others: string[];
}

/**
 * Paths of a site that are not as a build left them at a time (milliseconds since 1970): files of another size or time, and folders
 * and lists that changed later. Bytes that are altered with the time set back are not among them. Throws an Error where a list can't be read.
 */
export async function touchedPaths(folder: string, since: number): Promise<string[]> {
  const parts = await manifestPartPaths(folder);
  const lists = existsSync(join(folder, ENCODED_LIST)) ? [...parts, ENCODED_LIST] : parts;
  const contents = new Map<string, Content>();
  const folders = new Set<string>(['']);
  for (const list of lists) collect(await readFile(join(folder, list), 'utf8'), { contents, folders });
  for (const list of lists) addFolders(folders, list);
  const later = [...folders, ...lists].filter((path) => {
    const stats = lstatSync(join(folder, path), { throwIfNoEntry: false });
    return stats?.mtimeMs === undefined || stats.mtimeMs > since || stats.isDirectory() !== folders.has(path);
  });
  return [...later, ...[...contents].flatMap(([digest, content]) => touchedFiles(folder, digest, content))];
}

/** The lines of both kinds of lists begin alike; only what is needed of them is read. */
function collect(text: string, { contents, folders }: { contents: Map<string, Content>; folders: Set<string> }): void {
  let last = '';
  for (let at = 0, end = 0; at < text.length; at = end + 1) {
    end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    const pathEnd = text.indexOf(SIZE, at);
    const sizeEnd = text.indexOf(DIGEST, pathEnd);
    if (pathEnd < 0 || sizeEnd < 0 || sizeEnd > end) continue;
    const path = unescaped(text.slice(at + START.length, pathEnd));
    const digest = text.slice(sizeEnd + DIGEST.length, sizeEnd + DIGEST.length + 64);
    const known = contents.get(digest);
    if (known) known.others.push(path);
    else contents.set(digest, { path, size: Number(text.slice(pathEnd + SIZE.length, sizeEnd)), others: [] });
    const own = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (own !== last) addFolders(folders, path);
    last = own;
  }
}

const START = '{"path":"';
const SIZE = '","size":';
const DIGEST = ',"digest":"';

/** A text inside quotes of JSON. Most have nothing that is escaped. */
function unescaped(text: string): string {
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}

/** Adds the folders that a path lies in. */
function addFolders(folders: Set<string>, path: string): void {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const folder = path.slice(0, end);
    if (folders.has(folder)) return;
    folders.add(folder);
  }
}

/** Where a file has as many names as the content has paths, these are its names: no folder changed since they were made. */
function touchedFiles(folder: string, digest: string, { path, size, others }: Content): string[] {
  const first = lstatSync(join(folder, path), { throwIfNoEntry: false });
  const isAsMade = (stats: typeof first): boolean =>
    stats?.isFile() === true && stats.size === size && stats.mtimeMs === 1000 * contentTime(digest);
  const own = isAsMade(first) ? [] : [path];
  if ((first?.nlink ?? 0) > others.length) return own;
  const rest = others.filter((other) => !isAsMade(lstatSync(join(folder, other), { throwIfNoEntry: false })));
  return [...own, ...rest];
}
