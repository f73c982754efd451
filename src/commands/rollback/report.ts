import { printLines } from '../../report.ts';
import type { RollbackReport } from './run.ts';

/** The report of a rollback for a person. */
export function printRollback({ at, release, before, next }: RollbackReport): void {
  printLines((color) =>
    release === before
      ? [`${color.green('unchanged')} ${release} is the current release of ${at}`]
      : [
          `${color.green('current')} ${release} in ${at}, in place of ${before}`,
          '',
          'Next:',
          ...next.map((line) => `  ${line}`),
        ],
  );
}
