import type { Distribution } from '../config.ts';
import type { Finding } from '../errors.ts';
import type { Layer, Revision, Storage } from '../storage/storage.ts';
import type { ChangeTotals, Difference } from '../tree/changes.ts';
import type { Lock } from '../tree/commit/lock.ts';
import type { Deprecations } from './entry.ts';
import type { FormPlan } from './encode.ts';
import type { History } from './history.ts';
import type { SiteResult } from './site.ts';

/*
 * The input and the result of making a site.
 */

/** What a site is made from. */
export interface SiteMaking {
  readonly distribution: Distribution;
  readonly layers: readonly Layer[];
  /** The catalog's, in the order of answers. */
  readonly revisions: readonly Revision[];
  readonly storage: Storage;
  /**
   * By name, the `deprecated` that all revisions of the name show, where revisions are left out that count for it. Undefined if none are:
   * then it follows from the revisions.
   */
  readonly deprecations?: Deprecations | undefined;
  /** What pages for people show of the past; undefined where the site has none. */
  readonly history?: History | undefined;
  /** Revisions that stay out of the site and yet show in it, by `deprecations`. */
  readonly witnesses?: readonly Revision[] | undefined;
  /** Findings from before the packages are read. */
  readonly findings: readonly Finding[];
}

export interface MakeOptions {
  /** Where the site goes. */
  readonly folder: string;
  /** Of that folder. */
  readonly lock: Lock;
  /** What earlier builds have kept. */
  readonly cache: string;
  readonly noCache: boolean;
  /** Makes a whole site, whatever is known of the one that is there. */
  readonly isAnew?: boolean;
  /** Unfit packages are left out, and their findings are warnings. */
  readonly skipUnfit: boolean;
  /**
   * Whether a site is wanted though these revisions or witnesses are unfit, by id. If not, none is made, and they are in `skipped`.
   * Undefined if it always is; then witnesses aren't read.
   */
  readonly accepts?: ((unfit: readonly string[]) => boolean) | undefined;
  /** Compressed forms. A site that has them keeps them current, since a server may use them, even where they are not wanted. */
  readonly forms: { readonly isWanted: boolean; readonly plan: FormPlan };
  /** What a host would refuse of the site whose manifest lies in a folder. */
  refusals(folder: string): Promise<readonly Finding[]>;
  onProgress(stage: string, done: number, total: number): void;
}

export interface MadeSite {
  readonly packages: number;
  readonly revisions: number;
  /** Ids that were left out. */
  readonly skipped: readonly string[];
  readonly findings: readonly Finding[];
  /** Undefined if findings prevented the site. */
  readonly site: SiteResult | undefined;
  /**
   * The changes against the site before, and the file that lists them. Undefined without a site before, or without a
   * cache.
   */
  readonly changes?: Changes | undefined;
  /** The site that was there by the digest of its manifest, and how the manifest differs, where the site was extended. */
  readonly since?: { readonly manifest: string; readonly differences: readonly Difference[] };
  /** `unchanged`: the present site is the requested one. `extended`: only new files were written. */
  readonly how: 'written' | 'extended' | 'unchanged';
}

/** Totals of a list of changes, and the file that has the list. */
export type Changes = ChangeTotals & { readonly list: string };
