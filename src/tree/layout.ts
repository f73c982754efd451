/*
 * Every path of a site, relative to its folder. Builds write and hosts read by these functions. Edge-plain. Files that
 * clients get as they are lie at the path that clients ask for (`package/`, `epr/`). Generated files lie below
 * `_registry/`, a name that no package can have.
 */

/** The reserved folder. */
export const REGISTRY = '_registry';

/** Names the current columns and rows. A new site gets it last, except for `RELEASE`. */
export const INDEX = '_registry/index.json';
/**
 * Holds the commits and versions from which a site was built. It is the one file below `_registry/` that clients get.
 */
export const RELEASE = '_registry/release.json';
/** The answer to `GET /`. */
export const HOME = '_registry/home.json';
/** The list of the files that are copied into a site. */
export const STATIC_FILES = '_registry/files/static.json';
/** The list of the pages for people; a site without pages has none. */
export const PAGE_LIST = '_registry/files/pages.json';
/** The folder of the pages for people, and the path below which browsers ask for them. */
export const BROWSE = '_browse';
/** The folder of the lists of files. */
export const FILE_LISTS = '_registry/files';
/** The folder of the site manifest's parts. */
export const MANIFEST = '_registry/manifest';
/** The folder of the precomputed answers. */
export const ANSWERS = '_registry/answers';
/** The folder of the compressed forms of packages' files, by content. */
export const ENCODED = '_registry/encoded';
/** The list of all compressed forms (`encoded.ts`); a site that no host wanted any for has none. */
export const ENCODED_LIST = '_registry/encoded/list.ndjson';
export const FAVICON = 'favicon.ico';
/** Holds the change of a folder that is under way (`journal.ts`); a folder at rest has none. */
export const CHANGE = '.epr-static';
/** What a build writes into the folder of a host, last and outside of the files that are published: which build it is of. */
export const HOST_RECORD = '.epr-static.json';

/** A file of a package; `file` is its path inside the package, '' for the package's own folder. */
export function packageFilePath(name: string, version: string, file: string): string {
  return file === '' ? `package/${name}/${version}` : `package/${name}/${version}/${file}`;
}

export function zipPath(name: string, version: string): string {
  return `epr/${name}/${name}-${version}.zip`;
}

export function signaturePath(name: string, version: string): string {
  return `${zipPath(name, version)}.sig`;
}

/** The answer to `GET /package/{name}/{version}/`. */
export function packageIndexPath(name: string, version: string): string {
  return `_registry/package/${name}/${version}.json`;
}

/** A page for people, or what pages need; `file` is its path below their folder. */
export function pagePath(file: string): string {
  return `${BROWSE}/${file}`;
}

/** The list of a site's files of one revision (`file-list.ts`). */
export function fileListPath(name: string, version: string): string {
  return `_registry/files/${name}/${version}.json`;
}

/** A precomputed answer; `answer` is its name in the columns. */
export function answerPath(answer: string): string {
  return `${ANSWERS}/${answer}.json`;
}

/** A part of the site manifest, counted from 0. */
export function manifestPartPath(part: number): string {
  return `${MANIFEST}/${part}.ndjson`;
}

/** The columns of an index, named by the first digits of their SHA-256. */
export function columnsName(digest: string): string {
  return `columns-${digest.slice(0, INDEX_DIGITS)}.json`;
}

/** The rows of an index, named by the first digits of their SHA-256. */
export function rowsName(digest: string): string {
  return `rows-${digest.slice(0, INDEX_DIGITS)}.txt`;
}

/** The path of columns or rows that `INDEX` names. */
export function indexFilePath(name: string): string {
  return `_registry/${name}`;
}

const INDEX_DIGITS = 16;

/** Whether a file is generated, and so neither a package's nor a copied one. */
export function isGenerated(path: string): boolean {
  return path.slice(0, REGISTRY.length + 1) === `${REGISTRY}/`;
}

/** Whether a path's first folder is one that only the build fills. */
export function isReserved(path: string): boolean {
  return /^(package|epr|_browse|_registry|\.epr-static)(\/|$)/.test(path);
}

/**
 * Where a host keeps the content of a file whose name it can't hold. `digest` is the SHA-256 of the content, in hex.
 */
export function contentPath(digest: string): string {
  return `_registry/content/${digest}`;
}

/** The folders that hold the files of a package, and nothing else. */
export function packageFolders(name: string): string[] {
  return [`package/${name}`, `epr/${name}`, `_registry/package/${name}`, `_registry/files/${name}`];
}

/** The package that a path belongs to; '' if it belongs to none. */
export function packageOf(path: string): string {
  const found = /^(?:package|epr|_registry\/package|_registry\/files)\/([a-z0-9_]+)\//.exec(path);
  return found ? (found[1] as string) : '';
}
