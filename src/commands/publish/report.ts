import { count, megabytes, printLines } from '../../report.ts';
import type { Colors } from '../../terminal-text.ts';
import { purgeLines } from '../purge-report.ts';
import type { PublishReport } from './run.ts';

/** The report of a publication for a person. */
export function printPublish(report: PublishReport): void {
  printLines((color) => publishLines(report, color));
}

function publishLines(report: PublishReport, color: Colors): string[] {
  const { dryRun, outcome, release, before, to, sent, objects, stored, traffic } = report;
  const { gets, puts, lists } = traffic;
  const replaced = before !== undefined && before !== release ? `, in place of ${before}` : '';
  return [
    `${color.green(dryRun ? `would be ${outcome}` : outcome)} ${release} in ${to}${replaced}`,
    `  ${dryRun ? 'would send' : 'sent'} ${count(sent.objects, 'object')}, ${megabytes(sent.bytes)}; the release has ${count(objects, 'object')}, ${megabytes(stored)}`,
    `  ${count(puts, 'PUT')}, ${count(gets, 'GET')}, ${count(lists, 'LIST')}`,
    ...purgeLines(report, color),
  ];
}
