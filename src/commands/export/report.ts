import { count, megabytes, printLines } from '../../report.ts';
import { findingLines } from '../change-report.ts';
import type { ExportReport } from './run.ts';

/** The report of an export for a person. */
export function printExport({ outcome, cursor, before, packages, bytes, to, findings }: ExportReport): void {
  const replaced = before !== undefined && before !== cursor ? `, in place of ${before}` : '';
  printLines((color) => [
    `${color.green(outcome)} ${cursor} in ${to}${replaced}`,
    `  ${count(packages, 'package version')}, ${megabytes(bytes)}`,
    ...findingLines(findings, color),
  ]);
}
