import type { MadeSite } from '../../build/site-making.ts';
import type { Merged } from './merged.ts';

/**
 * Merges and makes a site. Where the choice of a subset counted on what is unfit by its contents, it makes none, and chooses again without:
 * so the subset is a part of the site that the whole distribution gives.
 */
export async function makeFit(
  merge: (unfit: ReadonlySet<string>) => Promise<Merged>,
  make: (merged: Merged) => Promise<MadeSite>,
): Promise<{ readonly merged: Merged; readonly made: MadeSite }> {
  const unfit = new Set<string>();
  for (;;) {
    const merged = await merge(unfit);
    const made = await make(merged);
    const found = made.site ? [] : made.skipped.filter((id) => merged.counted.has(id));
    if (found.length === 0) return { merged, made };
    for (const id of found) unfit.add(id);
  }
}
