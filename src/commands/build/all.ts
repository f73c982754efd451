import { resolve } from 'node:path';
import { listDistributions } from '../../config.ts';
import { Stop } from '../../errors.ts';
import { staleSites } from '../../inspect/stale.ts';
import type { StaleSite } from '../../inspect/stale.ts';
import type { Progress } from '../../report.ts';
import { build, openSession } from './run.ts';
import type { BuildOptions, BuildReport } from './run.ts';

/** What a build of every distribution did. */
export interface BuildAllReport {
  /** In the order in which they were built. */
  readonly distributions: readonly BuildReport[];
  /** The distributions that could not be built at all, such as those whose layer is missing. */
  readonly failed: readonly FailedBuild[];
  /** The sites that are not up to date now, because their build failed or had findings. */
  readonly stale: readonly StaleSite[];
}

interface FailedBuild {
  readonly distribution: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/**
 * Builds every distribution of the distributions file, in its order. They share the cache, so that what two of them hold is read
 * and packed once. A storage that is a URL is fetched once, and a registry mirrored once, so that all of them have the same. One
 * that fails doesn't keep the others from being built.
 */
export async function buildAll(options: BuildOptions, progress: Progress): Promise<BuildAllReport> {
  const session = await openSession(options);
  const distributions: BuildReport[] = [];
  const failed: FailedBuild[] = [];
  const names = listDistributions(session.config);
  for (const [i, dist] of names.entries()) {
    progress.note(`${dist} (${i + 1} of ${names.length})`);
    try {
      const report = await build({ ...options, dist, session }, progress);
      distributions.push({ ...report, stale: [] }); // what is stale in between is built next
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      failed.push({ distribution: dist, code: error.code, message: error.message, hint: error.hint });
    }
  }
  const layers = distributions.flatMap((report) => report.layers);
  return { distributions, failed, stale: await staleSites(resolve(options.out), names, layers) };
}

/** Whether every distribution has its site. */
export function isAllBuilt({ distributions, failed }: BuildAllReport): boolean {
  return failed.length === 0 && distributions.every(({ site }) => site !== undefined);
}
