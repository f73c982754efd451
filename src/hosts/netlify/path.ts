import { contentPath } from '../../tree/layout.ts';

/**
 * Where a file of the site lies in a deploy to Netlify: as in the site, or, where its name is one that Netlify's CLI skips
 * (dot files, `node_modules`, `__MACOSX`) or throws on (`#`, `?`), that is otherwise escaped in a URL, or whose pages are
 * redirected and rewritten (`.html`), by its SHA-256. Both paths are relative: to the site's folder, and to the deploy's.
 */
export function netlifyPath(path: string, digest: string): string {
  return path.split('/').every(isSafe) ? path : contentPath(digest);
}

function isSafe(segment: string): boolean {
  return SAFE.test(segment) && !/^(node_modules|__MACOSX.*|.*\.html?)$/i.test(segment);
}

const SAFE = /^[A-Za-z0-9_+=@~-][A-Za-z0-9_.+=@~-]*$/;
