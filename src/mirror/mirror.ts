import type { Mirrored, Mirroring } from './mirroring.ts';

/**
 * Brings the cache up to date with a registry, and gives what it holds of it. A revision that can't be had, or isn't what it should
 * be, is a finding, and harms no other one. Throws a `Stop` if the URL is none, if the registry gives no list (`no-registry`), or if
 * something is missing in the cache and `offline` forbids to fetch it (`offline`).
 */
export function mirrorRegistry(_mirroring: Mirroring): Promise<Mirrored> {
  throw new Error('not yet');
}
