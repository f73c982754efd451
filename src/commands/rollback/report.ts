import { commandLine } from '../../command-line.ts';
import { printLines } from '../../report.ts';
import type { RollbackReport } from './run.ts';

/** The report of a rollback for a person. */
export function printRollback({ at, release, before }: RollbackReport): void {
  printLines((color) =>
    release === before
      ? [`${color.green('unchanged')} ${release} is the current release of ${at}`]
      : [
          `${color.green('current')} ${release} in ${at}, in place of ${before}`,
          `  Back again: ${commandLine(['rollback', before, '--at', at])}`,
        ],
  );
}
