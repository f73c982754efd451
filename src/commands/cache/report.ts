import type { PruneReport } from './run.ts';
import { megabytes, printLines } from '../../report.ts';

/** The report of emptying the cache for a person. */
export function printPrune({ cache, removed, bytes }: PruneReport, isDry: boolean): void {
  const what = removed.length === 0 ? 'nothing' : removed.join(', ');
  printLines(() => [`${isDry ? 'would remove' : 'removed'} ${what} from ${cache}, ${megabytes(bytes)}`]);
}
