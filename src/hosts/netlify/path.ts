import type { HostAssets } from '../target.ts';
import { contentPath } from '../../tree/layout.ts';

/**
 * The path of a site's file in a deploy to Netlify. Most files keep their path. A file gets a path made of its SHA-256 (`digest`, in
 * hex) if Netlify's CLI skips its name (dot files, `node_modules`, `__MACOSX`) or fails on it (`#`, `?`), if a URL escapes the
 * name, or if Netlify would redirect it (`.html`). `path` is relative to the site's folder, the result to the deploy's.
 */
export function netlifyPath(path: string, digest: string): string {
  return path.split('/').every(isSafe) ? path : contentPath(digest);
}

function isSafe(segment: string): boolean {
  return SAFE.test(segment) && !/^(node_modules|__MACOSX.*|.*\.html?)$/i.test(segment);
}

const SAFE = /^[A-Za-z0-9_+=@~-][A-Za-z0-9_.+=@~-]*$/;

/** Where the host has the files of a site. */
export const netlifyAssets: HostAssets = { folder: 'site', assetOf: netlifyPath };
