import type { RemoveReport } from './run.ts';
import { printLines } from '../../report.ts';
import { changeLines, findingLines, nextLines, undone } from '../change-report.ts';

/** The report of a removal for a person. */
export function printRemove({ apply, dryRun, change, findings, next }: RemoveReport): void {
  printLines((color) => {
    const end = undone(findings, dryRun, color);
    return [
      ...changeLines(change, color, { apply }),
      '',
      ...findingLines(findings, color),
      ...(end === undefined ? [...(apply ? ['Done.'] : []), ...nextLines(next)] : [end]),
    ];
  });
}
