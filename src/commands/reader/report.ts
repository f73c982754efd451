import { join } from 'node:path';
import { printLines } from '../../report.ts';
import type { ReaderReport } from './run.ts';

/** What was written, and the commands to go on with. */
export function printReader({ folder, files, next }: ReaderReport): void {
  printLines(() => [
    ...files.map(({ path, size }) => `Wrote ${join(folder, path)} (${size.toLocaleString('en-US')} bytes)`),
    '',
    'Next:',
    ...next.map((line) => `  ${line}`),
  ]);
}
