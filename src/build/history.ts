import { createHash } from 'node:crypto';
import type { Update } from '../catalog/updates.ts';

/** What pages show of the past of a site; it follows from the layers and their history alone. */
export interface History {
  /** By id, the date on which each revision came to its layer, in ISO 8601. */
  readonly arrivals: ReadonlyMap<string, string>;
  /** The newest first; at most `MOST_UPDATES`. */
  readonly updates: readonly Update[];
  /** The oldest commit that is known, which tells one storage from another. */
  readonly origin: string | undefined;
}

/** The updates that pages show. */
export const MOST_UPDATES = 100;

/** The digest of what belongs to no revision of the site. */
export function updatesDigest({ updates, origin }: History): string {
  return createHash('sha256')
    .update(JSON.stringify([updates, origin]))
    .digest('hex');
}
