import type { Distribution } from '../config.ts';
import type { Finding } from '../errors.ts';
import type { Lock } from '../tree/commit/lock.ts';

/*
 * What a host needs beside a built site. A target writes it; `build --target` calls one after the site is written.
 */

export interface TargetSite {
  /** The site's tree, as built: in the temporary folder, before it takes its place. */
  readonly folder: string;
  readonly name: string;
  readonly distribution: Distribution;
  /** Where the host's own files go: `dist/<name>.<target>`, beside the tree. */
  readonly hostFolder: string;
  /** Of the site, and of the host's folder with it. */
  readonly lock: Lock;
}

export interface TargetResult {
  /** The lines to go on with: commands to paste. */
  readonly next: readonly string[];
  readonly findings: readonly Finding[];
}

export type Target = (site: TargetSite) => Promise<TargetResult>;
