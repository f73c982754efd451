import { apply } from '../../bundle/apply/apply.ts';
import type { ApplyOptions } from '../../bundle/apply/apply.ts';
import type { ApplyReport } from '../../bundle/apply/outcome.ts';
import type { Progress } from '../../report.ts';

/** Makes a folder the site that bundles hold. Throws a `Stop` where it can't; then nothing has changed. */
export async function runApply(options: ApplyOptions, progress: Progress): Promise<ApplyReport> {
  try {
    return await apply(options, progress);
  } finally {
    progress.end();
  }
}
