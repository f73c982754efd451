import { contentPath, isGenerated } from '../../tree/layout.ts';

/**
 * Where a file of the site lies among a Worker's assets, whose number is limited: package files, zips and the like by
 * their SHA-256, so that each different content is there once and no name of theirs has to be one that Cloudflare takes.
 * A `+` of a version is written `_`, which no version has: the asset server redirects from what `encodeURIComponent` would
 * escape, and the upload refuses such names. `path` is relative to the site's folder; so is what is given back, to the assets'.
 */
export function assetPath(path: string, digest: string): string {
  return isGenerated(path) ? path.split('+').join('_') : contentPath(digest);
}
