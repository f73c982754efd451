import type { ExplainedPackage, ExplainedRevision, ExplainReport } from './run.ts';
import { count, findingLine, printLines } from '../../report.ts';
import type { Colors } from '../../terminal-text.ts';

/**
 * The report of an explanation for a person. It shows every revision of one package; of several packages, the revisions
 * that are found, and newer ones.
 */
export function printExplain(report: ExplainReport): void {
  printLines((color) => explainLines(report, color));
}

function explainLines(
  { distribution, storage, request, version, packages, findings }: ExplainReport,
  color: Colors,
): string[] {
  const lines = [`${color.bold(request)} on ${distribution}${storage === undefined ? '' : ` of ${storage}`}`];
  const isOne = packages.length === 1;
  for (const found of packages) lines.push(...packageLines(found, { isOne, version, color }));
  if (!isOne) {
    const answered = packages.filter(({ found }) => found.length > 0).length;
    lines.push('', `${count(answered, 'package')} of ${packages.length} found`);
  }
  return findings.length === 0 ? lines : [...lines, '', ...findings.map((finding) => findingLine(finding, color))];
}

function packageLines(
  { name, found, revisions, isNearest }: ExplainedPackage,
  { isOne, version, color }: { isOne: boolean; version: string | undefined; color: Colors },
): string[] {
  const last = revisions.findIndex((revision) => revision.found);
  const shown = isOne ? revisions : revisions.slice(0, last < 0 ? 1 : last + 1);
  const versions = found.length > 0 ? color.green(found.join(', ')) : color.red('not found');
  const width = Math.max(...shown.map((revision) => revision.version.length));
  const heads =
    version === undefined ? [`${color.bold(name)} ${versions}`] : aboutVersion({ name, version, isNearest, found });
  return ['', ...heads, ...shown.map((revision) => `  ${revisionLine(revision, width, color)}`)];
}

function aboutVersion({
  name,
  version,
  isNearest,
  found,
}: Pick<ExplainedPackage, 'name' | 'isNearest' | 'found'> & { readonly version: string }): string[] {
  const gets = found.length === 0 ? 'gets no version of it' : `gets ${found.join(', ')}`;
  if (isNearest) return [`There is no ${name} ${version}; this client ${gets}. The nearest versions:`];
  return [`${name} ${version}; this client ${gets}:`];
}

function revisionLine(
  { version, layer, shadows, found, rule, text, subset }: ExplainedRevision,
  width: number,
  color: Colors,
): string {
  const mark = found ? color.green('found') : color.dim('out  ');
  const twins = shadows.map((one) => `${one.layer}${one.sameContent ? '' : ' (other content)'}`);
  const from =
    layer === undefined ? '' : `${[layer, ...twins.map((twin, i) => (i === 0 ? `over ${twin}` : twin))].join(', ')}: `;
  const stays = subset?.kept ? `; it stays: ${subset.text} ${color.dim(`[${subset.rule}]`)}` : '';
  return `${mark} ${version.padEnd(width)}  ${from}${text} ${color.dim(`[${rule}]`)}${stays}`;
}
