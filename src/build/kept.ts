import type { Finding } from '../errors.ts';
import type { Listing } from '../tree/manifest.ts';
import type { BrowsedPackage } from './browse.ts';
import type { IndexedRevision } from './index-files.ts';
import type { SiteResult } from './site.ts';

/*
 * What the next build of a site wants to know of this one.
 */

/** A package whose files and pages are in their places: everything that the index and the next build need of it. */
export interface MadePackage {
  readonly name: string;
  /** In the order of answers, without those that are unfit. */
  readonly revisions: readonly IndexedRevision[];
  readonly unfit: readonly string[];
  readonly findings: readonly Finding[];
  /** Where the site has pages for people. */
  readonly browsed?: BrowsedPackage | undefined;
  /** Its lines of the site manifest: their bytes, the number of their files, and the bytes of these files. */
  readonly listed: { readonly length: number } & Omit<Listing, 'text'>;
}

/** A package that the site which is extended has already, with its lines of the manifest. */
export interface KeptPackage {
  readonly made: MadePackage;
  readonly lines: Buffer;
}

/** A revision of the site, and what its content and signature are. With the id `<name>@`, what a name shows of others. The place is where it was then. */
export type RevisionKey = readonly [id: string, key: string, place?: string];

/** What the last build of a site has made, and from what. */
export interface State {
  /** When that build had ended, in milliseconds since 1970. */
  readonly madeAt: number;
  /** The digest of everything on which a site depends besides its revisions. */
  readonly frame: string;
  /** In the order of answers. */
  readonly keys: readonly RevisionKey[];
  readonly made: {
    readonly packages: number;
    readonly revisions: number;
    readonly findings: readonly Finding[];
    readonly site: SiteResult;
  };
}
