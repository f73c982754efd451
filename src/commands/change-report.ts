import type { Finding } from '../errors.ts';
import { count, findingLine } from '../report.ts';
import type { Colors } from '../report.ts';
import type { ChangeReport } from '../workflow/change.ts';

const STATES: Readonly<Record<ChangeReport['state'], string>> = {
  made: 'made',
  there: 'there already',
  done: 'done already',
  planned: 'not done',
};

/** What became of a change: its state, its branch and its title; with the text where it is for a pull request. */
export function changeLines(change: ChangeReport, color: Colors, { apply }: { readonly apply: boolean }): string[] {
  const { state, branch, commit, title, text } = change;
  const at = [branch, commit?.slice(0, 12)].filter((part) => part !== undefined).join(' at ');
  const lines = [`  ${stateText(state, color)}  ${title}${at === '' ? '' : `  ${color.dim(at)}`}`];
  if (apply || state === 'done') return lines;
  return [...lines, ...text.split('\n').map((line) => (line === '' ? '' : `      ${line}`))];
}

/** Findings, a line each, and an empty one behind them. */
export function findingLines(findings: readonly Finding[], color: Colors): string[] {
  return findings.length === 0 ? [] : [...findings.map((finding) => findingLine(finding, color)), ''];
}

/** What is said last where errors or a dry run kept everything undone; undefined where neither did. */
export function undone(findings: readonly Finding[], dryRun: boolean, color: Colors): string | undefined {
  const errors = findings.filter(({ level }) => level === 'error').length;
  if (errors > 0) return color.red(`${count(errors, 'error')}: nothing was done.`);
  return dryRun ? 'A dry run: nothing was done.' : undefined;
}

/** How the branches of changes get to where pull requests are made of them. */
export function pushLines(repository: string, changes: readonly ChangeReport[]): string[] {
  const branches = changes.flatMap((one) => (one.state === 'made' || one.state === 'there' ? (one.branch ?? []) : []));
  if (branches.length === 0) return [];
  const folder = repository.replace(/\/\.git$/, '');
  return [
    'Next: push, and open a pull request for each branch, with its title and text:',
    `  git -C ${folder} push origin ${branches.join(' ')}`,
  ];
}

function stateText(state: ChangeReport['state'], color: Colors): string {
  const paint = state === 'made' ? color.green : state === 'planned' ? color.yellow : color.dim;
  return paint(STATES[state].padEnd(13));
}
