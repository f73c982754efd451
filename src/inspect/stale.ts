import { join } from 'node:path';
import { readRelease } from '../tree/release.ts';

/*
 * Sites that were built from earlier commits of the layers than those that a build has just read.
 */

/** A built site, and a layer of it that has changed since. */
export interface StaleSite {
  readonly distribution: string;
  readonly folder: string;
  readonly layer: string;
  /** The commits: that of the site, and that of the layer now. */
  readonly built: string;
  readonly now: string;
}

/**
 * Compares the sites of some distributions in the folder `out` with layers as they are now. A layer without a commit, as one of a
 * folder storage, can't be compared. Each site is named once, with the first layer that differs.
 */
export async function staleSites(
  out: string,
  distributions: readonly string[],
  layers: readonly { readonly name: string; readonly commit: string | undefined }[],
): Promise<StaleSite[]> {
  const now = new Map(layers.map(({ name, commit }) => [name, commit]));
  const found = await Promise.all(
    distributions.map(async (distribution): Promise<StaleSite | []> => {
      const folder = join(out, distribution);
      const release = await readRelease(folder);
      for (const { name, commit } of release?.layers ?? []) {
        const current = now.get(name);
        if (commit !== undefined && current !== undefined && commit !== current)
          return { distribution, folder, layer: name, built: commit, now: current };
      }
      return [];
    }),
  );
  return found.flat();
}
