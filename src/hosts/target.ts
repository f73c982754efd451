import type { Distribution } from '../config.ts';
import type { Finding } from '../errors.ts';
import type { Difference } from '../tree/changes.ts';
import type { Lock } from '../tree/commit/lock.ts';

/*
 * What a host needs beside a built site. `build --target` asks the target before a site takes its place, and lets it write
 * afterwards.
 */

export interface TargetSite {
  /** The site's tree, in its place. */
  readonly folder: string;
  readonly name: string;
  readonly distribution: Distribution;
  /** Where the host's files go: `dist/<name>.<target>`, beside the site. */
  readonly hostFolder: string;
  /** Of the site, and of the host's folder with it. */
  readonly lock: Lock;
}

/** How the manifest of a site differs from the one of the site that was there, which is named by its digest. */
export interface Since {
  readonly manifest: string;
  readonly differences: readonly Difference[];
}

export interface Target {
  /** Whether it serves the compressed forms of the site's files. */
  readonly hasForms: boolean;
  /**
   * What the host would refuse of a site whose manifest lies in `tree`; nothing is written where one is an error. Throws a `Stop`
   * where the target can't write at all.
   */
  refusals(site: TargetSite, tree: string): Promise<readonly Finding[]>;
  /** Brings the host's folder up to date, which stays as it is until then; the lines to go on with: commands to paste. */
  write(site: TargetSite, since: Since | undefined): Promise<readonly string[]>;
}
