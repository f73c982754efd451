import type { RemoveReport } from './run.ts';
import { printLines } from '../../report.ts';
import { changeLines, findingLines, pushLines, undone } from '../change-report.ts';

/** The report of a removal for a person. */
export function printRemove({ repository, apply, dryRun, change, findings }: RemoveReport): void {
  const next = apply ? ['Done.'] : pushLines(repository, [change]);
  printLines((color) => {
    const end = undone(findings, dryRun, color);
    return [
      ...changeLines(change, color, { apply }),
      '',
      ...findingLines(findings, color),
      ...(end === undefined ? next : [end]),
    ];
  });
}
