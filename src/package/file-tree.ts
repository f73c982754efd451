import { compareText } from '../tree/text.ts';
import type { RevisionFiles } from '../storage/storage.ts';

/** The files and folders of a package, by their paths in it. */
export interface FileTree {
  /** Whether the package is a zip as published. */
  readonly isZip: boolean;
  /** Every folder, empty ones too. */
  folders(): Iterable<string>;
  hasFile(path: string): boolean;
  /** Whether a path is a folder; `.` is the package's own. */
  hasFolder(path: string): boolean;
  /** The names directly in a folder, of files and folders, in byte order. */
  namesIn(folder: string): readonly string[];
}

/** The tree of what a storage lists of a revision. */
export function fileTree({ files, folders, zip }: Pick<RevisionFiles, 'files' | 'folders' | 'zip'>): FileTree {
  const paths = new Set<string>();
  /** Folder -> the names in it; the package's own folder is ''. */
  const names = new Map<string, string[]>();
  const enter = (path: string): void => {
    const slash = path.lastIndexOf('/');
    addFolder(path.slice(0, Math.max(slash, 0))).push(path.slice(slash + 1));
  };
  const addFolder = (folder: string): string[] => {
    const known = names.get(folder);
    if (known) return known;
    const own: string[] = [];
    names.set(folder, own);
    if (folder !== '') enter(folder);
    return own;
  };
  for (const { path } of files) {
    paths.add(path);
    enter(path);
  }
  for (const folder of folders) addFolder(folder);
  return {
    isZip: zip !== undefined,
    folders: () => names.keys(),
    hasFile: (path) => paths.has(path),
    hasFolder: (path) => path === '.' || (path !== '' && names.has(path)),
    namesIn: (folder) => [...(names.get(folder) ?? [])].sort(compareText),
  };
}
