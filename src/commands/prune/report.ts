import { count, megabytes, printLines } from '../../report.ts';
import type { PruneStoreReport } from './run.ts';

/** The report of a prune for a person. */
export function printPruneStore({ at, isDone, keeps, drops, objects, bytes }: PruneStoreReport): void {
  printLines((color) => [
    `${color.green(isDone ? 'removed' : 'would remove')} ${count(drops.length, 'release')} of ${at}, and ${count(objects, 'object')}, ${megabytes(bytes)}`,
    ...drops.map((id) => `  ${id}`),
    `  ${count(keeps.length, 'release')} ${keeps.length === 1 ? 'stays' : 'stay'}`,
    ...(isDone || objects + drops.length === 0 ? [] : ['', 'Nothing was changed: add --yes to remove it.']),
  ]);
}
