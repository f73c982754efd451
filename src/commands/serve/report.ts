import type { Serving } from './run.ts';
import type { Rebuilt } from './watch.ts';
import { BROWSE } from '../../tree/layout.ts';
import { count, findingLine, printLines } from '../../report.ts';
import { enumerated } from '../../near-match.ts';

/** Prints a line of the access log. */
export function printAccess(line: string): void {
  printLines(() => [line]);
}

/** Where the server listens, where its pages for people are, and how Kibana gets to it. */
export function printServing({ source, url, hasPages }: Serving): void {
  printLines(() => [
    `Serving ${source} at ${url}`,
    ...(hasPages ? [`Pages to look at: ${url}/${BROWSE}/`] : []),
    '',
    'For Kibana, in kibana.yml:',
    `  xpack.fleet.registryUrl: ${url}`,
    ...(url.startsWith('https:')
      ? ["  and in Kibana's environment, unless it knows the CA: NODE_EXTRA_CA_CERTS=/path/to/ca.pem"]
      : []),
    '',
    'Stop with Ctrl-C.',
  ]);
}

/** What became of a watched site after a change: what is new, and what is no longer wrong. */
export function printRebuilt({ report, appeared, gone, milliseconds }: Rebuilt): void {
  printLines((color) => [
    `${color.dim(new Date().toTimeString().slice(0, 8))} ${outcome(report)}, ${(milliseconds / 1000).toFixed(1)} s`,
    ...appeared.map((finding) => findingLine(finding, color)),
    ...gone.map(({ where, text, code }) => `  ${color.green('solved ')} ${where}: ${text} ${color.dim(`[${code}]`)}`),
  ]);
}

function outcome(report: Rebuilt['report']): string {
  if (!report?.site) return 'the last good site stays';
  const { how, changes } = report.site;
  const told = changes && `: ${changes.added} files added, ${changes.changed} changed, ${changes.removed} removed`;
  const left = report.skipped.length === 0 ? '' : `, without ${enumerated(report.skipped)}`;
  return `${HOW[how]} ${count(report.revisions, 'package version')}${told ?? ''}${left}`;
}

const HOW = { written: 'built', extended: 'extended', unchanged: 'unchanged:' } as const;
