import type { TagReport } from './run.ts';
import { count, printLines } from '../../report.ts';
import { findingLines, nextLines, undone } from '../change-report.ts';

/** The report of a tag for a person. */
export function printTag({ tag, layer, commit, revisions, dryRun, findings, next }: TagReport): void {
  printLines((color) => {
    const lines = findingLines(findings, color);
    const end = undone(findings, dryRun, color);
    const what = `${tag} is ${layer} at ${commit.slice(0, 12)}: ${count(revisions, 'revision')}`;
    if (end !== undefined) return [...lines, what, end];
    return [...lines, `${color.green('tagged')} ${what}`, '', ...nextLines(next)];
  });
}
