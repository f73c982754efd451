import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { median } from './bench-measure.ts';
import type { Figure, Row } from './bench-measure.ts';
import { git } from './bench-storage.ts';

/*
 * The report of a run of the benchmark: where it ran, and its figures as tables.
 */

/** The program, the storage and the machine of a run. */
export interface Where {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly git: string;
  /** The output of `nginx -v`, if there is an nginx. */
  readonly nginx: string;
  /** The commit of this program, with `+` where files differ from it. */
  readonly commit: string;
  /** The commits of the storage, by branch. */
  readonly storage: Readonly<Record<string, string>>;
}

/** Asks the machine and the two repositories. */
export function whereItRuns(clone: string): Where {
  const refs = git(clone, ['for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads/']).toString('utf8');
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const isChanged = run('git', ['-C', root, 'status', '--porcelain', '--untracked-files=no']) !== '';
  return {
    date: new Date().toISOString().slice(0, 16),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    node: process.version,
    git: run('git', ['--version']).replace('git version ', ''),
    nginx: run('sh', ['-c', 'nginx -v 2>&1']).replace('nginx version: ', ''),
    commit: `${run('git', ['-C', root, 'rev-parse', 'HEAD']).slice(0, 12)}${isChanged ? '+' : ''}`,
    storage: Object.fromEntries(
      refs
        .trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    ),
  };
}

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'none';
  }
}

/** The place, in Markdown. */
export function describePlace(where: Where): string {
  const storage = Object.entries(where.storage).map(([branch, commit]) => `${branch} ${commit.slice(0, 12)}`);
  return [
    `${where.date}, ${where.machine}; node ${where.node}, git ${where.git}, nginx ${where.nginx}`,
    `epr-static ${where.commit}; storage: ${storage.join(', ')}`,
  ].join('\n');
}

/** The rows of a scenario as a Markdown table: medians, the spread in brackets, then targets. */
export function describeRows(title: string, rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap(({ figures }) => figures.map(header)))];
  return [
    line([title, ...names]),
    line(['---', ...names.map(() => '---:')]),
    ...rows.map(({ name, figures }) =>
      line([name, ...names.map((column) => describe(figures.find((figure) => header(figure) === column)))]),
    ),
  ].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function header({ name, unit }: Figure): string {
  return unit === '×' ? name : `${name}, ${unit}`;
}

function describe(figure: Figure | undefined): string {
  if (!figure) return '';
  const { values, atMost, atLeast } = figure;
  const spread = values.length > 1 ? ` (${short(Math.min(...values))}–${short(Math.max(...values))})` : '';
  const target = atMost === undefined ? atLeast && ` ≥ ${short(atLeast)}` : ` ≤ ${short(atMost)}`;
  const mark = target === undefined ? '' : isWithin(figure, 1) ? ' ok' : ' **missed**';
  return `${short(median(values))}${spread}${target ?? ''}${mark}`;
}

/** A number with three significant digits. */
function short(value: number): string {
  const digits = value >= 100 ? 0 : Math.min(4, 2 - Math.floor(Math.log10(Math.max(value, 0.001))));
  return value.toFixed(Math.max(0, digits));
}

/** Whether the median meets the target, with some slack. A slack of 2 accepts twice as much, or half. */
export function isWithin({ values, atMost, atLeast }: Figure, slack: number): boolean {
  const value = median(values);
  return !(atMost !== undefined && value > atMost * slack) && !(atLeast !== undefined && value < atLeast / slack);
}
