import type { AddReport } from './run.ts';
import { count, printLines } from '../../report.ts';
import { changeLines, findingLines, nextLines, undone } from '../change-report.ts';

const STATES = { new: 'new', overwritten: 'overwritten', done: 'there already' } as const;

/** The report of an addition for a person. */
export function printAdd({ layer, apply, dryRun, packages, change, findings, next }: AddReport): void {
  printLines((color) => {
    const end = undone(findings, dryRun, color) ?? (change ? undefined : 'Nothing was left to do.');
    const sources = packages.map(({ source, where, files, signed, state }) => {
      const from = color.dim(`${count(files, 'file')} of ${source}${signed ? ', signed' : ''}`);
      return `  ${STATES[state].padEnd(13)}  ${where}  ${from}`;
    });
    return [
      color.bold(`${count(packages.length, 'package version')} for ${layer}`),
      '',
      ...sources,
      ...(change ? ['', ...changeLines(change, color, { apply })] : []),
      '',
      ...findingLines(findings, color),
      ...(end === undefined ? nextLines(next) : [end]),
    ];
  });
}
