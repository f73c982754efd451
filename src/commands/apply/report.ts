import { appliedLines } from '../../bundle/apply/outcome.ts';
import type { ApplyReport } from '../../bundle/apply/outcome.ts';
import { findingLine, printLines } from '../../report.ts';

/** The report of bundles that were applied, for a person. */
export function printApply(report: ApplyReport): void {
  printLines((color) => [
    ...appliedLines(report).map((line, i) => (i === 0 ? color.green(line) : line)),
    ...report.findings.map((finding) => findingLine(finding, color)),
  ]);
}
