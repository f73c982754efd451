import type { CacheClass } from './manifest.ts';

/*
 * What each file of a site is, by its path. A file that the site manifest lists has one of these kinds.
 */

interface Kind {
  readonly path: RegExp;
  readonly cache: CacheClass;
  /** Undefined where the path or the bytes decide. */
  readonly type: string | undefined;
}

const JSON_TYPE = 'application/json';

/** The first that matches a path counts. `verify` must know how to check each: the compiler names the place. */
export const fileKinds = {
  'package file': { path: /^package\/[a-z0-9_]+\/(?<version>[^/]+)\/[^]/, cache: 'files', type: undefined },
  zip: { path: /^epr\/(?<name>[a-z0-9_]+)\/\k<name>-(?<version>[^/]+)\.zip$/, cache: 'files', type: 'application/zip' },
  signature: {
    path: /^epr\/(?<name>[a-z0-9_]+)\/\k<name>-(?<version>[^/]+)\.zip\.sig$/,
    cache: 'files',
    type: undefined,
  },
  'package index': {
    path: /^_registry\/package\/[a-z0-9_]+\/(?<version>[^/]+)\.json$/,
    cache: 'index',
    type: JSON_TYPE,
  },
  'file list': { path: /^_registry\/files\/[a-z0-9_]+\/(?<version>[^/]+)\.json$/, cache: 'none', type: JSON_TYPE },
  'list of copied files': { path: /^_registry\/files\/static\.json$/, cache: 'none', type: JSON_TYPE },
  'list of pages': { path: /^_registry\/files\/pages\.json$/, cache: 'none', type: JSON_TYPE },
  page: { path: /^_browse\/[^]/, cache: 'index', type: undefined },
  home: { path: /^_registry\/home\.json$/, cache: 'index', type: JSON_TYPE },
  index: { path: /^_registry\/index\.json$/, cache: 'none', type: JSON_TYPE },
  columns: { path: /^_registry\/columns-[0-9a-f]+\.json$/, cache: 'none', type: JSON_TYPE },
  rows: { path: /^_registry\/rows-[0-9a-f]+\.txt$/, cache: 'none', type: 'text/plain; charset=utf-8' },
  answer: { path: /^_registry\/answers\/[0-9a-f]+\.json$/, cache: 'search', type: JSON_TYPE },
  'copied file': { path: /^(?!(?:package|epr|_browse|_registry)(?:\/|$))[^]/, cache: 'files', type: undefined },
} as const satisfies Readonly<Record<string, Kind>>;

export type FileKind = keyof typeof fileKinds;

const byKind = Object.entries(fileKinds) as [FileKind, Kind][];

/** The kind of a file, by its path in the site; undefined where no site has such a path. */
export function kindOf(path: string): FileKind | undefined {
  return byKind.find(([, kind]) => kind.path.test(path))?.[0];
}

/** The version of a package that a file belongs to; undefined where it belongs to none. */
export function versionIn(path: string): string | undefined {
  for (const [, kind] of byKind) {
    const found = kind.path.exec(path);
    if (found) return found.groups?.['version'];
  }
  return undefined;
}
