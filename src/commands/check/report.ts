import type { CheckReport } from './run.ts';
import { count, findingLine, printLines } from '../../report.ts';
import type { Colors } from '../../terminal-text.ts';
import type { CheckFinding } from '../../workflow/policy.ts';
import { enumerated } from '../../near-match.ts';

/** The report of a check for a person. */
export function printCheck(report: CheckReport): void {
  printLines((color) => checkLines(report, color));
}

function checkLines({ storage, config, layers, change, findings }: CheckReport, color: Colors): string[] {
  const lines = [`${color.bold(layers.map(({ name }) => name).join(', '))} of ${storage}`, ''];
  for (const { name, commit, revisions } of layers)
    lines.push(
      `  ${name.padEnd(12)} ${count(revisions, 'revision')}${commit ? `  ${color.dim(commit.slice(0, 12))}` : ''}`,
    );
  lines.push(`  ${'rules'.padEnd(12)} ${config}`);
  if (change) {
    lines.push('', `  since ${change.base?.slice(0, 12) ?? 'the beginning'}:`);
    for (const [what, ids] of [
      ['added', change.added],
      ['overwritten', change.overwritten],
      ['removed', change.removed],
    ] as const)
      lines.push(`  ${what.padEnd(12)} ${ids.length === 0 ? 'nothing' : enumerated(ids)}`);
  }
  lines.push('');
  for (const finding of findings) lines.push(findingLine(finding, color));
  if (findings.length > 0) lines.push('');
  const of = (level: CheckFinding['level']): number => findings.filter((finding) => finding.level === level).length;
  const counts = `${count(of('error'), 'error')}, ${count(of('warning'), 'warning')}, ${count(of('note'), 'note')}`;
  return [...lines, of('error') > 0 ? color.red(counts) : color.green(counts)];
}

/** The findings as annotations of a GitHub Actions job ("Workflow commands", docs.github.com). */
export function printAnnotations({ findings }: CheckReport): void {
  const commands = { error: 'error', warning: 'warning', note: 'notice' };
  const lines = findings.map(({ level, code, where, text, file, line }) => {
    const properties = [
      ...(file === undefined ? [] : [`file=${escapeProperty(file)}`]),
      ...(line === undefined ? [] : [`line=${line}`]),
      `title=${escapeProperty(code)}`,
    ];
    return `::${commands[level]} ${properties.join(',')}::${escapeData(`${where}: ${text}`)}`;
  });
  if (lines.length > 0) printLines(() => lines);
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
