import type { PromoteReport } from './run.ts';
import { count, printLines } from '../../report.ts';
import { changeLines, findingLines, nextLines, undone } from '../change-report.ts';

/** The report of a promotion for a person. */
export function printPromote(report: PromoteReport): void {
  const { from, to, apply, dryRun, promotions, findings, deleted, next } = report;
  const changes = promotions.flatMap(({ add, remove }) => [add, remove]);
  const isDone = changes.every(({ state }) => state === 'done');
  const done = apply ? [`Done: ${to} first, then ${from}.`] : [];
  const ids = promotions.flatMap((one) => one.ids);
  printLines((color) => {
    const end = undone(findings, dryRun, color) ?? (isDone ? 'Nothing was left to do.' : undefined);
    return [
      color.bold(`${count(ids.length, 'package version')} from ${from} to ${to}`),
      '',
      ...changes.flatMap((change) => changeLines(change, color, { apply })),
      ...(changes.length > 0 ? [''] : []),
      ...findingLines(findings, color),
      ...(deleted.length > 0 ? [`Deleted, since merged: ${deleted.join(', ')}`, ''] : []),
      ...(end === undefined ? [...done, ...nextLines(next)] : [end]),
    ];
  });
}
