import type { ListReport } from './run.ts';
import { count, findingLine, printLines } from '../../report.ts';
import type { Colors } from '../../report.ts';

/** The report of a listing for a person. */
export function printList(report: ListReport): void {
  printLines((color) => listLines(report, color));
}

function listLines(
  { distribution, storage, outdated, layers, waiting, findings }: ListReport,
  color: Colors,
): string[] {
  const lines = [`${color.bold(distribution)} from ${storage}`, ''];
  for (const { name, ref, commit, revisions, packages } of layers) {
    const at = commit === undefined ? ref : `${ref} at ${commit.slice(0, 12)}`;
    const counted = `${count(revisions, 'revision')} of ${count(packages.length, 'package')}`;
    lines.push(`${color.bold(name)}  ${counted}  ${color.dim(at)}`);
    if (!outdated) lines.push(...packages.map((one) => `  ${one.name}  ${one.versions.join(', ')}`), '');
  }
  if (outdated) lines.push('');
  const what = outdated ? 'newer than what the layers above hold' : 'that no layer above holds';
  lines.push(waiting.length === 0 ? `Nothing waits ${what}.` : `Waiting: ${count(waiting.length, 'revision')} ${what}`);
  for (const one of waiting) {
    const since = one.since === undefined ? '' : ` since ${one.since.slice(0, 10)}`;
    const above = one.newestAbove === undefined ? 'the package is new there' : `${one.newestAbove} is newest there`;
    lines.push(`  ${one.id} in ${one.layer}${since}, for ${one.for} (${above})`);
  }
  return findings.length === 0 ? lines : [...lines, '', ...findings.map((finding) => findingLine(finding, color))];
}
