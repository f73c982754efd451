import type { PromoteReport } from './run.ts';
import { count, printLines } from '../../report.ts';
import { changeLines, findingLines, pushLines, undone } from '../change-report.ts';

/** The report of a promotion for a person. */
export function printPromote(report: PromoteReport): void {
  const { from, to, apply, dryRun, promotions, findings } = report;
  const changes = promotions.flatMap(({ add, remove }) => [add, remove]);
  const isDone = changes.every(({ state }) => state === 'done');
  const next = apply ? [`Done: ${to} first, then ${from}.`] : pushLines(report.repository, changes);
  printLines((color) => {
    const end = undone(findings, dryRun, color) ?? (isDone ? 'Nothing was left to do.' : undefined);
    return [
      color.bold(`${count(promotions.length, 'package version')} from ${from} to ${to}`),
      '',
      ...changes.flatMap((change) => changeLines(change, color, { apply })),
      '',
      ...findingLines(findings, color),
      ...(end === undefined ? next : [end]),
    ];
  });
}
