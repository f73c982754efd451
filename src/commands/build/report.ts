import { commandLine } from '../../command-line.ts';
import type { StaleSite } from '../../inspect/stale.ts';
import type { BuildAllReport } from './all.ts';
import type { BuildReport } from './run.ts';
import { count, findingLine, megabytes, printLines } from '../../report.ts';
import type { Colors } from '../../terminal-text.ts';
import type { MirrorReport } from '../../mirror/mirroring.ts';
import { enumerated } from '../../near-match.ts';

/** The report of a build for a person. */
export function printBuild(report: BuildReport): void {
  printLines((color) => buildLines(report, color));
}

/** The report of a build of every distribution for a person. */
export function printBuildAll({ distributions, failed, stale }: BuildAllReport): void {
  printLines((color) => [
    ...distributions.flatMap((report) => [...buildLines(report, color), '']),
    ...failed.flatMap(({ distribution, message, code, hint }) => [
      `${color.red('error')} ${distribution}: ${message} ${color.dim(`[${code}]`)}`,
      ...(hint === undefined ? [] : [`  ${hint}`]),
      '',
    ]),
    ...distributions.map(
      ({ distribution, site }) =>
        `  ${distribution.padEnd(12)} ${site ? HOW[site.how].replace(':', '') : color.red('stays as it was')}`,
    ),
    ...failed.map(({ distribution }) => `  ${distribution.padEnd(12)} ${color.red('failed')}`),
    ...stale.map((one) => staleLine(one, color)),
  ]);
}

function staleLine({ distribution, folder, layer, built, now }: StaleSite, color: Colors): string {
  const moved = `${layer} at ${built.slice(0, 12)}, now ${now.slice(0, 12)}`;
  return `  ${color.yellow('stale')}        ${folder}: ${moved}; build ${distribution} again`;
}

function buildLines(report: BuildReport, color: Colors): string[] {
  const from = report.storage ?? report.layers.map(({ ref }) => ref).join(', ');
  const lines: string[] = [`${color.bold(report.distribution)} from ${from}`, ''];
  for (const layer of report.layers) {
    const at = layer.commit === undefined ? layer.ref : `${layer.ref} at ${layer.commit.slice(0, 12)}`;
    lines.push(
      `  ${layer.name.padEnd(12)} ${count(layer.revisions, 'revision')} of ${count(layer.packages, 'package')}  ${color.dim(at)}`,
      ...(layer.mirror ? [`  ${''.padEnd(12)} ${mirrorLine(layer.mirror)}`] : []),
    );
  }
  const { subset } = report;
  lines.push(
    `  ${(subset ? 'stays' : 'merged').padEnd(12)} ${count(report.revisions, 'revision')} of ${count(report.packages, 'package')}`,
    ...(subset ? subsetLines(subset) : []),
    '',
  );
  for (const one of report.shadowed)
    lines.push(
      `  shadowed     ${one.id} of ${one.layer}, by ${one.by} (${one.sameContent ? 'same content' : 'different content'})`,
    );
  if (report.shadowed.length > 0) lines.push('');
  for (const finding of report.findings) lines.push(findingLine(finding, color));
  if (report.findings.length > 0) lines.push('');
  if (report.skipped.length > 0) lines.push(`  left out: ${enumerated(report.skipped)}`, '');
  return [...lines, ...outcome(report, color)];
}

/** What mirroring a registry did. */
function mirrorLine({ listed, new: added, gone, refused, replaced, bytes, requests }: MirrorReport): string {
  const kept = gone.filter(({ isKept }) => isKept).length;
  const parts = [
    [added.length, 'new'],
    [replaced.length, 'replaced'],
    [kept, 'gone there and kept'],
    [gone.length - kept, 'gone there and dropped'],
    [refused.length, 'refused'],
  ] as const;
  const changes = parts.flatMap(([number, what]) => (number === 0 ? [] : `${number.toLocaleString('en-US')} ${what}`));
  const asked =
    requests === 0
      ? 'nothing was asked'
      : `${count(requests, 'request')}, ${megabytes(bytes)}; it lists ${listed.toLocaleString('en-US')}`;
  return `${changes.join(', ') || 'nothing new'} (${asked})`;
}

function subsetLines({ from, for: lines, of, notPromised }: NonNullable<BuildReport['subset']>): string[] {
  const kibanas = lines.map(({ kibana }) => kibana).join(' and ');
  return [
    `  ${'a part of'.padEnd(12)} ${from}, out of ${count(of, 'revision')}: what Kibana ${kibanas} can get`,
    ...notPromised.map((text, i) => `  ${(i === 0 ? 'not promised' : '').padEnd(12)} ${text}`),
  ];
}

const HOW = { written: 'built', extended: 'extended', unchanged: 'unchanged:' } as const;

function outcome({ site, times, findings, distribution, next, stale }: BuildReport, color: Colors): string[] {
  const seconds = Object.entries(times).map(([stage, ms]) => `${stage} ${(ms / 1000).toFixed(1)} s`);
  if (!site) {
    const errors = findings.filter((finding) => finding.level === 'error').length;
    return [
      color.red(`${count(errors, 'error')}: nothing was written, ${distribution} stays as it was.`),
      '  Correct the packages, or leave unfit ones out with --skip-unfit.',
    ];
  }
  return [
    `${color.green(HOW[site.how])} ${site.folder}`,
    `  ${count(site.files, 'file')}, ${megabytes(site.bytes)}; ${count(site.answers, 'precomputed answer')}`,
    `  ${seconds.join(', ')}; manifest ${site.manifest.slice(0, 16)}`,
    ...(site.changes ? [changesLine(site.changes)] : []),
    ...stale.map((one) => staleLine(one, color)),
    ...(site.how === 'unchanged' && times['verify'] === undefined ? [checkLine(site.folder)] : []),
    '',
    ...(next.length === 1 ? [`Next: ${next[0] ?? ''}`] : ['Next:', ...next.map((line) => `  ${line}`)]),
  ];
}

/** An unchanged site was only glanced at. */
function checkLine(folder: string): string {
  return `  to read every byte of it: ${commandLine(['verify', folder])}`;
}

function changesLine({ added, changed, removed, bytes, list }: Changes): string {
  const total = `${count(added, 'file')} added, ${changed} changed (${megabytes(bytes)}), ${removed} removed`;
  return `  compared with the site before: ${total}; listed in ${list}`;
}

type Changes = NonNullable<NonNullable<BuildReport['site']>['changes']>;
