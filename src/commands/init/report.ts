import { relative } from 'node:path';
import type { InitReport } from './run.ts';
import { commandLine, shellQuote } from '../../command-line.ts';
import { printLines } from '../../report.ts';

/** The report of a new storage for a person. */
export function printInit({ folder, dryRun, files, layers, sample, job }: InitReport): void {
  printLines((color) => [
    `${dryRun ? 'would make' : color.green('made')} ${folder}, a git repository`,
    `  ${'main'.padEnd(12)} ${files.join(', ')}`,
    ...layers.map(
      (layer, i) => `  ${layer.padEnd(12)} ${i === layers.length - 1 ? sample.replace('@', ' ') : 'no packages yet'}`,
    ),
    `  ${color.dim(`and on each layer ${job}, a CI job for pull requests`)}`,
    '',
    'Next:',
    `  cd ${shellQuote(relative('.', folder) || '.')}`,
    ...['build', 'serve'].map((verb) => `  ${commandLine([verb, '--dist', 'snapshot'], folder)}`),
  ]);
}
