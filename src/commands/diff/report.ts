import { count, findingLine, printLines } from '../../report.ts';
import type { Colors } from '../../terminal-text.ts';
import type { ChangedRevision, DiffReport } from '../../inspect/diff.ts';
import type { Clients, Noticed } from '../../inspect/client-impact.ts';
import { enumerated } from '../../near-match.ts';

/** The report of a comparison for a person. */
export function printDiff(report: DiffReport): void {
  printLines((color) => diffLines(report, color));
}

function diffLines(report: DiffReport, color: Colors): string[] {
  const { before, after, added, removed, changed, moved, hidden, noticed, unfit, findings } = report;
  const lines = [`${color.bold(before)} -> ${color.bold(after)}`, ''];
  lines.push(`  ${counts(report)}`);
  for (const { id, layer } of added) lines.push(`  ${color.green('+')} ${id}${layer ? color.dim(` in ${layer}`) : ''}`);
  for (const { id, layer } of removed) lines.push(`  ${color.red('-')} ${id}${layer ? color.dim(` of ${layer}`) : ''}`);
  for (const { id, files } of changed) lines.push(`  ${color.yellow('~')} ${id}: ${filesText(files)}`);
  for (const { id, from, to } of moved) lines.push(`  ${color.dim('=')} ${id}: from ${from} to ${to}`);
  for (const one of shownHidden(hidden)) lines.push(`  ${color.dim('.')} ${one}`);
  lines.push('', ...noticedLines(noticed, color));
  if (unfit.length > 0) lines.push('', `  Not counted, since a build refuses them: ${enumerated(unfit)}`);
  return findings.length === 0 ? lines : [...lines, '', ...findings.map((finding) => findingLine(finding, color))];
}

/** The same for a comment on a pull request. */
export function printDiffMarkdown(report: DiffReport): void {
  const { before, after, added, removed, changed, moved, hidden, noticed, unfit } = report;
  const lines = [`### ${escape(before)} → ${escape(after)}`, '', `${counts(report)}.`];
  const list = (title: string, items: readonly string[]): void => {
    if (items.length > 0) lines.push('', `**${title}**`, '', ...items.map((item) => `- ${item}`));
  };
  list(
    'Added',
    added.map(({ id }) => code(id)),
  );
  list(
    'Removed',
    removed.map(({ id }) => code(id)),
  );
  list(
    'Changed',
    changed.map(({ id, files }) => `${code(id)}: ${escape(filesText(files))}`),
  );
  list(
    'Same content, other layer',
    moved.map(({ id, from, to }) => `${code(id)}: ${escape(from)} → ${escape(to)}`),
  );
  list('Not seen by clients', shownHidden(hidden).map(escape));
  list('Not counted, since a build refuses them', unfit.map(code));
  if (noticed.length === 0) lines.push('', 'No client gets another newest version of any package.');
  else
    lines.push('', '**What clients notice**', '', '| Kibana | package | before | after |', '| --- | --- | --- | --- |');
  for (const [clients, group] of grouped(noticed))
    for (const one of group)
      lines.push(`| ${escape(clients)} | ${code(one.package)} | ${one.before ?? '—'} | ${one.after ?? '—'} |`);
  printLines(() => lines);
}

/** Why changes of lower layers show nowhere else. */
function shownHidden(hidden: DiffReport['hidden']): string[] {
  const lines = hidden.slice(0, MOST_HIDDEN).map(({ id, layer, change, by, sameContent }) => {
    const twin = sameContent ? 'the same content' : 'other content';
    return `${id} was ${change} in ${layer}; clients don't see it, since ${by} holds it with ${twin} and wins`;
  });
  const more = hidden.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more that higher layers hide`] : lines;
}

const MOST_HIDDEN = 12;

function counts({ added, removed, changed, moved }: DiffReport): string {
  const moves = moved.length > 0 ? `, ${moved.length} in another layer` : '';
  return `${count(added.length, 'revision')} added, ${removed.length} removed, ${changed.length} changed${moves}`;
}

function noticedLines(noticed: readonly Noticed[], color: Colors): string[] {
  if (noticed.length === 0) return ['No client gets another newest version of any package.'];
  const width = Math.max(...noticed.map((one) => one.package.length));
  const lines = ['What clients notice: the newest version that they find'];
  for (const [clients, group] of grouped(noticed)) {
    lines.push(`  ${color.bold(clients)}`);
    for (const one of group)
      lines.push(`    ${one.package.padEnd(width)}  ${one.before ?? '(none)'} -> ${one.after ?? '(none)'}`);
  }
  return lines;
}

/** Groups changes by the clients that notice them, the largest group first. */
function grouped(noticed: readonly Noticed[]): Map<string, Noticed[]> {
  const groups = new Map<string, Noticed[]>();
  for (const one of noticed) {
    const clients = clientsText(one.clients);
    const group = groups.get(clients);
    if (group) group.push(one);
    else groups.set(clients, [one]);
  }
  return new Map([...groups].sort(([, a], [, b]) => b.length - a.length));
}

function clientsText({ prerelease, kibana }: Clients): string {
  const asking = { any: '', no: ', without prerelease', yes: ', with prerelease=true' }[prerelease];
  if (kibana.join() === 'any') return `Every Kibana${asking}`;
  const stretches = kibana.map((stretch) => {
    if (stretch === 'none') return 'no version given';
    return stretch === 'any' ? 'any release' : stretch.replace('pre-releases any', 'any pre-release');
  });
  return `Kibana ${stretches.join('; ')}${asking}`;
}

function filesText(files: ChangedRevision['files']): string {
  return enumerated(files.map(({ path, change }) => (change === 'changed' ? path : `${path} (${change})`)));
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

function escape(text: string): string {
  return text.replace(/[\\`*_<>|[\]]/g, '\\$&');
}
