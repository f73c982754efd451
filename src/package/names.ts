import type { FileTree } from './file-tree.ts';

/** A name that some file system can't hold, or not beside another one: a warning, since a site may never meet that file system. */
export interface NameWarning {
  readonly code: 'case' | 'names';
  /** Inside the package. */
  readonly file: string;
  readonly text: string;
}

/** The names of a package's files and folders that a host or a user with another file system has trouble with. */
export function nameWarnings(tree: FileTree, files: readonly string[]): NameWarning[] {
  const paths = [...files, ...tree.folders()];
  const first = new Map<string, string>();
  return paths.flatMap((path) => {
    const key = foldedName(path);
    const twin = first.get(key);
    if (twin === undefined) first.set(key, path);
    return twinWarning(path, twin).concat(windowsWarning(path));
  });
}

/** What file systems that ignore case, or the Unicode form of a name, take for the same. */
function foldedName(path: string): string {
  return (NOT_ASCII.test(path) ? path.normalize('NFC') : path).toLowerCase();
}

const NOT_ASCII = /[^\x00-\x7f]/;

function twinWarning(path: string, twin: string | undefined): NameWarning[] {
  if (twin === undefined) return [];
  if (twin.toLowerCase() === path.toLowerCase())
    return [{ code: 'case', file: path, text: `differs only by case from ${twin}` }];
  const forms = `${JSON.stringify(twin)} (${escaped(twin)} and ${escaped(path)})`;
  return [{ code: 'names', file: path, text: `differs only by the Unicode form of its letters from ${forms}` }];
}

/** With every character beyond ASCII as a number, since the forms look alike. */
function escaped(path: string): string {
  return path.replace(/[^\x00-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Windows has devices of these names in every folder, and drops a dot or space at the end of a name. */
function windowsWarning(path: string): NameWarning[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!NOT_FOR_WINDOWS.test(name)) return [];
  return [{ code: 'names', file: path, text: `is called ${JSON.stringify(name)}, which Windows can't hold` }];
}

const NOT_FOR_WINDOWS = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)|[<>:"|?*\\\x00-\x1f]|[. ]$/i;
