import type { BundleReport } from './run.ts';
import { count, megabytes, printLines } from '../../report.ts';

/** The report of a bundle for a person. */
export function printBundle({ size, parts, contents, files, links, next }: BundleReport): void {
  printLines((color) => [
    ...parts.map(({ file }) => `${color.green('packed')} ${file}`),
    `  ${megabytes(size)}, ${count(files, 'file')}${links > 0 ? `, ${count(links, 'link')} among them` : ''}`,
    ...parts.map(({ digest }) => `  SHA-256 ${digest}`),
    '',
    'On the other side:',
    ...next.map((line) => `  ${line}`),
    '',
    `Once it is there, keep ${contents}:`,
    '  with `--since` it, the next bundle has only what is new.',
  ]);
}
