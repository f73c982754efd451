import type { HostAssets } from '../target.ts';
import { contentPath, isGenerated } from '../../tree/layout.ts';

/**
 * The path of a site's file among a Worker's assets. Generated files keep their path; every other file gets a path made of its
 * SHA-256 (`digest`, in hex), since the number of assets is limited and each different content is an asset once. In a path that is kept,
 * `_` replaces the `+` of a version, which no version holds: Cloudflare redirects from names that `encodeURIComponent` escapes, and the
 * upload refuses them. `path` is relative to the site's folder, the result to the assets'.
 */
export function cloudflarePath(path: string, digest: string): string {
  return isGenerated(path) ? path.split('+').join('_') : contentPath(digest);
}

/** Where the host has the files of a site. */
export const cloudflareAssets: HostAssets = { folder: 'assets', assetOf: cloudflarePath };
