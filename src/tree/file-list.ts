import type { ByteString } from './byte-string.ts';

/*
 * The list of a site's files of one revision, and the list of its copied files (`layout.ts`, `fileListPath` and
 * `STATIC_FILES`). From these lists the core knows the size, digest and type of a file without reading it. Edge-plain.
 */

/** The facts about one file of a site: bytes, SHA-256 in hex, media type. */
export type FileEntry = readonly [size: number, digest: string, type: string];

export interface FileList {
  readonly index?: FileEntry;
  readonly zip?: FileEntry;
  readonly signature?: FileEntry;
  /** By path inside the package, or inside the site for copied files. Paths are byte strings. */
  readonly files: { readonly [path: string]: FileEntry };
}

/** Reads the text of a file list. Throws a SyntaxError if it is not one. */
export function parseFileList(text: string): FileList {
  return JSON.parse(text) as FileList;
}

/** A list without its files. Throws a SyntaxError where the text is no file list. `Head` is for other lists in the same form. */
export function parseFileListHead<Head = Omit<FileList, 'files'>>(text: string): Head {
  return JSON.parse(`${text.slice(0, filesStart(text))}}}`) as Head;
}

/**
 * The entry of a path, undefined where the list has none. A list may be long, and njs reads JSON at some 100 kB a millisecond, so
 * only the entry is read. Throws a SyntaxError where the text is no file list.
 */
export function fileEntryIn<Entry = FileEntry>(text: string, path: ByteString): Entry | undefined {
  // Control characters are written as engines like.
  if (/[\x00-\x1f]/.test(path)) return ownEntry(JSON.parse(text) as Entries<Entry>, path);
  const start = filesStart(text);
  const key = `${JSON.stringify(path)}:[`;
  // Inside a text of the list, a quote has a backslash before it.
  const isFirst = text.slice(start, start + key.length) === key;
  const at = isFirst ? start : text.indexOf(`,${key}`, start) + 1;
  if (at === 0) return undefined;
  const from = at + key.length - 1;
  return JSON.parse(text.slice(from, text.indexOf(']', from) + 1)) as Entry;
}

/** A list of another form of entries, which are lists themselves. */
interface Entries<Entry> {
  readonly files: { readonly [path: string]: Entry };
}

/** Where the files begin in the text of a list, which ends with them. */
function filesStart(text: string): number {
  const at = text.indexOf(FILES);
  if (at < 0 || text.slice(-2) !== '}}') throw new SyntaxError('no whole file list');
  return at + FILES.length;
}

const FILES = '"files":{';

/** The text of a file list: the files come last. */
export function fileListText(list: FileList): string {
  return JSON.stringify({ index: list.index, zip: list.zip, signature: list.signature, files: list.files });
}

function ownEntry<Entry>(list: Entries<Entry>, path: ByteString): Entry | undefined {
  return Object.prototype.hasOwnProperty.call(list.files, path) ? list.files[path] : undefined;
}
