import { count, findingLine, megabytes, printLines } from '../../report.ts';
import type { Colors } from '../../terminal-text.ts';
import type { LiveSite } from '../../inspect/live-site.ts';
import type { VerifyReport } from './run.ts';
import type { StoreReport } from './store.ts';

/** The report of a verification for a person. */
export function printVerify(report: VerifyReport): void {
  printLines((color) => verifyLines(report, color));
}

function verifyLines({ folder, files, bytes, hosts, findings }: VerifyReport, color: Colors): string[] {
  const beside =
    hosts.length === 0 ? '' : `, and what ${hosts.join(', ')} ${hosts.length === 1 ? 'has' : 'have'} beside it`;
  const read = `${count(files, 'file')}, ${megabytes(bytes)}${beside}`;
  if (findings.length === 0) return [`${color.green('whole')} ${folder}`, `  ${read}`];
  const shown = findings.slice(0, MOST_SHOWN).map((finding) => findingLine(finding, color));
  const more = findings.length - shown.length;
  return [
    `${color.red('damaged')} ${folder}`,
    `  ${read}`,
    '',
    ...shown,
    ...(more > 0 ? [`  and ${more.toLocaleString('en-US')} more: --json names all`] : []),
    '',
    color.red(`${count(findings.length, 'error')}: build the site again, and what is damaged is made anew.`),
  ];
}

/** The report about a store for a person. */
export function printStore({ at, releases, objects, bytes, others, findings }: StoreReport): void {
  printLines((color) => [
    `${findings.length === 0 ? color.green('whole') : color.red('damaged')} ${at}`,
    `  ${count(releases, 'release')}, ${count(objects, 'object')}, ${megabytes(bytes)}; ${megabytes(others.bytes)} that no release needs`,
    ...findings.slice(0, MOST_SHOWN).map((finding) => findingLine(finding, color)),
    ...(findings.length === 0 ? [] : ['', 'Publish the site again, with --check.']),
  ]);
}

/** The report about a live site for a person. */
export function printLive({ site, release, published, asked, findings }: LiveSite): void {
  printLines((color) => [
    `${findings.length === 0 ? color.green('answers as') : color.red('differs from')} ${release}: ${site}`,
    `  ${count(asked, 'answer')}; published ${published}`,
    ...findings.map((finding) => findingLine(finding, color)),
  ]);
}

/** Findings. */
const MOST_SHOWN = 100;
