/*
 * Every path of a site, relative to its folder: the build writes by these functions, and every host reads by them. Edge-plain.
 * What clients may ask for of a package lies at the path that they ask (`package/`, `epr/`); what is generated lies below
 * `_registry/`, which no package can name.
 */

/** The reserved folder. */
export const REGISTRY = '_registry';

/** Names the current columns and rows. It is the last file that a new site gets, but for `RELEASE`. */
export const INDEX = '_registry/index.json';
/** Says which commits and versions a site was built from; the one file below `_registry/` that clients get. */
export const RELEASE = '_registry/release.json';
/** The answer to `GET /`. */
export const HOME = '_registry/home.json';
/** The list of the files that are copied into a site as they are. */
export const STATIC_FILES = '_registry/files/static.json';
/** The folder of the site manifest's parts. */
export const MANIFEST = '_registry/manifest';
/** The folder of the precomputed answers. */
export const ANSWERS = '_registry/answers';
/** The folder of the compressed forms of packages' files, by content. */
export const ENCODED = '_registry/encoded';
/** The list of all compressed forms (`encoded.ts`); a site that no host wanted any for has none. */
export const ENCODED_LIST = '_registry/encoded/list.ndjson';
export const FAVICON = 'favicon.ico';

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

/** The list of what a site holds of a revision (`file-list.ts`). */
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

/** Where columns or rows lie that `INDEX` names. */
export function indexFilePath(name: string): string {
  return `_registry/${name}`;
}

const INDEX_DIGITS = 16;

/** Whether a path is generated, and so not a package's nor a person's. */
export function isGenerated(path: string): boolean {
  return path.slice(0, REGISTRY.length + 1) === `${REGISTRY}/`;
}

/** Whether a path's first folder is one that only the build fills. */
export function isReserved(path: string): boolean {
  return /^(package|epr|_registry)(\/|$)/.test(path);
}

/** Where a host that can't hold a file under its own name keeps its content; `digest` is its SHA-256 in hex. */
export function contentPath(digest: string): string {
  return `_registry/content/${digest}`;
}

/** The package that a path belongs to; '' for what is no package's. */
export function packageOf(path: string): string {
  const found = /^(?:package|epr|_registry\/package|_registry\/files)\/([a-z0-9_]+)\//.exec(path);
  return found ? (found[1] as string) : '';
}
