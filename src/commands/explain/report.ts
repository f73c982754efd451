import type { ExplainedPackage, ExplainedRevision, ExplainReport } from './run.ts';
import { count, findingLine, printLines } from '../../report.ts';
import type { Colors } from '../../report.ts';

/**
 * The report of an explanation for a person. It shows every revision of one package; of several packages, the revisions
 * that are found, and newer ones.
 */
export function printExplain(report: ExplainReport): void {
  printLines((color) => explainLines(report, color));
}

function explainLines({ distribution, storage, request, packages, findings }: ExplainReport, color: Colors): string[] {
  const lines = [`${color.bold(request)} on ${distribution} of ${storage}`];
  const isOne = packages.length === 1;
  for (const found of packages) lines.push(...packageLines(found, { isOne, color }));
  if (!isOne) {
    const answered = packages.filter(({ found }) => found.length > 0).length;
    lines.push('', `${count(answered, 'package')} of ${packages.length} found`);
  }
  return findings.length === 0 ? lines : [...lines, '', ...findings.map((finding) => findingLine(finding, color))];
}

function packageLines(
  { name, found, revisions }: ExplainedPackage,
  { isOne, color }: { isOne: boolean; color: Colors },
): string[] {
  const last = revisions.findIndex((revision) => revision.found);
  const shown = isOne ? revisions : revisions.slice(0, last < 0 ? 1 : last + 1);
  const versions = found.length > 0 ? color.green(found.join(', ')) : color.red('not found');
  const width = Math.max(...shown.map(({ version }) => version.length));
  return [
    '',
    `${color.bold(name)} ${versions}`,
    ...shown.map((revision) => `  ${revisionLine(revision, width, color)}`),
  ];
}

function revisionLine(
  { version, layer, shadows, found, rule, text }: ExplainedRevision,
  width: number,
  color: Colors,
): string {
  const mark = found ? color.green('found') : color.dim('out  ');
  const twins = shadows.map((one) => `${one.layer}${one.sameContent ? '' : ' (other content)'}`);
  const from = twins.length > 0 ? `${layer}, over ${twins.join(', ')}` : layer;
  return `${mark} ${version.padEnd(width)}  ${from}: ${text} ${color.dim(`[${rule}]`)}`;
}
