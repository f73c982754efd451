import type { Distribution } from '../config.ts';
import type { Finding } from '../errors.ts';
import type { Difference } from '../tree/changes.ts';
import type { Lock } from '../tree/commit/lock.ts';

/*
 * A target writes what a host needs beside a built site. `build --target` asks it before a site takes its place, and
 * lets it write afterwards.
 */

/** The files of a site as the folder of a host holds them. */
export interface HostAssets {
  /** Inside the host's folder. */
  readonly folder: string;
  /** Where a file of the site lies among these. Files of equal content may lie at one place. */
  readonly assetOf: (path: string, digest: string) => string;
}

/** How a host is to serve a site, where the host leaves that open. */
export interface Serving {
  /** The path below which the registry lies, without a slash at its end: '' is the root of the server. */
  readonly prefix: string;
  readonly port: number;
  /** The folder that will hold the site and the host's folder; undefined is the one that they are built in. */
  readonly root: string | undefined;
}

/** What a host does if nobody says otherwise. */
export const USUAL_SERVING: Serving = { prefix: '', port: 8080, root: undefined };

export interface TargetSite {
  /** The site's tree, in its place. */
  readonly folder: string;
  readonly name: string;
  readonly distribution: Distribution;
  /** Where the host's files go: `dist/<name>.<target>`, beside the site. */
  readonly hostFolder: string;
  /** The code for the host, which `npm run compile` makes. */
  readonly bundle: string;
  /** Undefined is `USUAL_SERVING`. */
  readonly serving?: Serving | undefined;
  /** Of the site, and of the host's folder with it. */
  readonly lock: Lock;
}

/** The difference between the manifest of a site and that of the site before, which is named by its digest. */
export interface Since {
  readonly manifest: string;
  readonly differences: readonly Difference[];
}

/** What a target learns of the site that it writes for. */
export interface SiteNews {
  /** What `refusals` gave. */
  readonly findings: readonly Finding[];
  /** Undefined unless the site was extended. */
  readonly since: Since | undefined;
}

export interface Target {
  /** Whether it serves the compressed forms of the site's files. */
  readonly hasForms: boolean;
  /**
   * Findings about a site that the host would refuse; the manifest of the site lies in `tree`. If one is an error,
   * nothing is written. Throws a `Stop` if the target can't write at all.
   */
  refusals(site: TargetSite, tree: string): Promise<readonly Finding[]>;
  /** Brings the host's folder up to date, in one step. Returns the next commands, to paste. */
  write(site: TargetSite, news: SiteNews): Promise<readonly string[]>;
}
