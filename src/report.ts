import { SingleBar } from 'cli-progress';
import pc from 'picocolors';
import type { BuildReport } from './commands/build/run.ts';
import type { Finding } from './errors.ts';
import { Stop } from './errors.ts';

/*
 * The only file that prints. Results go to standard output, talk to standard error.
 */

/** How a command tells how far it is. */
export interface Progress {
  step(stage: string, done: number, total: number): void;
  /** No more steps: the display is cleared. */
  end(): void;
}

const STAGES: Readonly<Record<string, string>> = {
  packages: 'Packages',
  bundle: 'Packing',
};

/** A bar on a terminal, a line a stage elsewhere. */
export function progressDisplay(): Progress {
  return process.stderr.isTTY ? progressBar() : progressLines();
}

/** No display at all. */
export const silentProgress: Progress = { step: () => undefined, end: () => undefined };

function progressBar(): Progress {
  const bar = new SingleBar({ format: '{stage} [{bar}] {value}/{total}', clearOnComplete: true, hideCursor: true });
  let current = '';
  return {
    step: (stage, done, total) => {
      if (stage !== current) {
        if (current !== '') bar.stop();
        bar.start(total, done, { stage: (STAGES[stage] ?? stage).padEnd(20) });
        current = stage;
      } else bar.update(done);
    },
    end: () => {
      if (current !== '') bar.stop();
      current = '';
    },
  };
}

function progressLines(): Progress {
  let current = '';
  return {
    step: (stage, _, total) => {
      if (stage !== current) say(`${STAGES[stage] ?? stage}: ${total}`);
      current = stage;
    },
    end: () => undefined,
  };
}

/** A line of talk. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A result: the command's whole output as data. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Says why a command could not run: a stop in two lines, anything else, a bug, with its stack. */
export function printFailure(error: unknown): void {
  const color = pc.createColors(Boolean(process.stderr.isTTY) && pc.isColorSupported);
  if (!(error instanceof Stop)) {
    say(
      `${color.red('This is a bug in epr-static:')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return;
  }
  say(`${color.red('error')} ${error.message} ${color.dim(`[${error.code}]`)}`);
  if (error.hint !== undefined) say(`  ${error.hint}`);
}

/** The report of a build for a person. */
export function printBuild(report: BuildReport): void {
  const color = pc.createColors(Boolean(process.stdout.isTTY) && pc.isColorSupported);
  const lines: string[] = [`${color.bold(report.distribution)} from ${report.storage}`, ''];
  for (const layer of report.layers) {
    const at = layer.commit === undefined ? layer.ref : `${layer.ref} at ${layer.commit.slice(0, 12)}`;
    lines.push(
      `  ${layer.name.padEnd(12)} ${count(layer.revisions, 'revision')} of ${count(layer.packages, 'package')}  ${color.dim(at)}`,
    );
  }
  lines.push(
    `  ${'merged'.padEnd(12)} ${count(report.revisions, 'revision')} of ${count(report.packages, 'package')}`,
    '',
  );
  for (const one of report.shadowed)
    lines.push(
      `  shadowed     ${one.id} of ${one.layer}, by ${one.by} (${one.sameContent ? 'same content' : 'different content'})`,
    );
  if (report.shadowed.length > 0) lines.push('');
  for (const finding of report.findings) lines.push(findingLine(finding, color));
  if (report.findings.length > 0) lines.push('');
  if (report.skipped.length > 0) lines.push(`  left out: ${report.skipped.join(', ')}`, '');
  lines.push(...outcome(report, color));
  process.stdout.write(`${lines.join('\n')}\n`);
}

export type Colors = ReturnType<typeof pc.createColors>;

/** The report of a verb for a person: `lines` is given the colours of the terminal, or none. */
export function printLines(lines: (color: Colors) => readonly string[]): void {
  const color = pc.createColors(Boolean(process.stdout.isTTY) && pc.isColorSupported);
  process.stdout.write(`${lines(color).join('\n')}\n`);
}

const HOW = { written: 'built', extended: 'extended', unchanged: 'unchanged:' } as const;

function outcome({ site, times, findings, distribution, next }: BuildReport, color: Colors): string[] {
  const seconds = Object.entries(times).map(([stage, ms]) => `${stage} ${(ms / 1000).toFixed(1)} s`);
  if (!site) {
    const errors = findings.filter((finding) => finding.level === 'error').length;
    return [
      color.red(`${count(errors, 'error')}: nothing was written, ${distribution} stays as it was.`),
      '  Mend the packages, or leave unfit ones out with --skip-unfit.',
    ];
  }
  return [
    `${color.green(HOW[site.how])} ${site.folder}`,
    `  ${count(site.files, 'file')}, ${megabytes(site.bytes)}; ${count(site.answers, 'precomputed answer')}`,
    `  ${seconds.join(', ')}; manifest ${site.manifest.slice(0, 16)}`,
    ...(site.changes ? [changesLine(site.changes)] : []),
    '',
    ...(next.length === 1 ? [`Next: ${next[0] ?? ''}`] : ['Next:', ...next.map((line) => `  ${line}`)]),
  ];
}

function changesLine({ added, changed, removed, bytes, list }: Changes): string {
  const total = `${count(added, 'file')} added, ${changed} changed (${megabytes(bytes)}), ${removed} removed`;
  return `  against the site before: ${total}; listed in ${list}`;
}

type Changes = NonNullable<NonNullable<BuildReport['site']>['changes']>;

/** A finding on a line; notes fail nothing. */
export function findingLine(
  { level, where, text, code }: Omit<Finding, 'level'> & { readonly level: Finding['level'] | 'note' },
  color: Colors,
): string {
  const tags = { error: color.red('error  '), warning: color.yellow('warning'), note: color.dim('note   ') };
  const tag = tags[level];
  return `  ${tag} ${where}: ${text} ${color.dim(`[${code}]`)}`;
}

/** `1 file`, `2,300 files`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What a running server says of itself. */
export function printServing(folder: string, url: string): void {
  process.stdout.write(
    `Serving ${folder} at ${url}\n\nFor Kibana, in kibana.yml:\n  xpack.fleet.registryUrl: ${url}\n\nStop with Ctrl-C.\n`,
  );
}
