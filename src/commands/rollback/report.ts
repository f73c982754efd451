import { printLines } from '../../report.ts';
import { purgeLines } from '../purge-report.ts';
import type { RollbackReport } from './run.ts';

/** The report of a rollback for a person. */
export function printRollback(report: RollbackReport): void {
  const { at, release, before, next } = report;
  printLines((color) =>
    release === before
      ? [`${color.green('unchanged')} ${release} is the current release of ${at}`]
      : [
          `${color.green('current')} ${release} in ${at}, in place of ${before}`,
          ...purgeLines({ ...report, next: [] }, color),
          '',
          'Next:',
          ...next.map((line) => `  ${line}`),
        ],
  );
}
