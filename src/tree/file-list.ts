/*
 * What a site holds of one revision, and of the files that are copied into it (`layout.ts`, `fileListPath` and
 * `STATIC_FILES`): from it the core knows a file's size, digest and type without reading the file. Edge-plain.
 */

/** What a site knows of one of its files: bytes, SHA-256 in hex, media type. */
export type FileEntry = readonly [size: number, digest: string, type: string];

export interface FileList {
  readonly index?: FileEntry;
  readonly zip?: FileEntry;
  readonly signature?: FileEntry;
  /** By path inside the package (of the copied files: inside the site). Paths are byte strings. */
  readonly files: { readonly [path: string]: FileEntry };
}

/** Reads the text of a file list. Throws a SyntaxError where it is none. */
export function parseFileList(text: string): FileList {
  return JSON.parse(text) as FileList;
}

/** The text of a file list. */
export function fileListText(list: FileList): string {
  return JSON.stringify(list);
}

/** The entry of a path; undefined where the list has none. */
export function ownEntry(files: FileList['files'], path: string): FileEntry | undefined {
  return Object.prototype.hasOwnProperty.call(files, path) ? files[path] : undefined;
}
