import { printLines } from '../../report.ts';
import { purgeLines } from '../purge-report.ts';
import type { PurgeVerbReport } from './run.ts';

/** The URLs of a purge for a person, one on a line, and what became of them. */
export function printPurge(report: PurgeVerbReport): void {
  const { at, purged } = report;
  const paths = Object.values<readonly string[]>({ ...purged?.list.paths }).flat();
  printLines((color) => [
    `${color.bold(purged?.list.to ?? '')} in ${at}, since ${purged?.list.from ?? 'ever'}`,
    ...paths.map((path) => `  ${path}`),
    '',
    ...purgeLines(report, color),
  ]);
}
