import type { Finding } from '../errors.ts';
import { count, findingLine } from '../report.ts';
import type { Colors } from '../terminal-text.ts';
import type { ChangeReport } from '../workflow/change.ts';
import type { NextSteps } from '../workflow/next-steps.ts';

const STATES: Readonly<Record<ChangeReport['state'], string>> = {
  made: 'made',
  there: 'there already',
  done: 'done already',
  planned: 'not done',
};

/** Lines about one change: its state, title and branch, and the text for the pull request unless there will be none. */
export function changeLines(change: ChangeReport, color: Colors, { apply }: { readonly apply: boolean }): string[] {
  const { state, branch, commit, title, text, startedFrom } = change;
  const at = [branch, commit?.slice(0, 12)].filter((part) => part !== undefined).join(' at ');
  const lines = [`  ${stateText(state, color)}  ${title}${at === '' ? '' : `  ${color.dim(at)}`}`];
  if (startedFrom !== undefined)
    lines.push(`                 ${branch ?? ''} is a new branch here, from ${startedFrom}`);
  if (apply || state === 'done') return lines;
  return [...lines, ...text.split('\n').map((line) => (line === '' ? '' : `      ${line}`))];
}

/** One line for each finding, and an empty line behind them. */
export function findingLines(findings: readonly Finding[], color: Colors): string[] {
  return findings.length === 0 ? [] : [...findings.map((finding) => findingLine(finding, color)), ''];
}

/** The last line of a report where errors or a dry run kept the command from changing anything; undefined elsewhere. */
export function undone(findings: readonly Finding[], dryRun: boolean, color: Colors): string | undefined {
  const errors = findings.filter(({ level }) => level === 'error').length;
  if (errors > 0) return color.red(`${count(errors, 'error')}: nothing was done.`);
  return dryRun ? 'A dry run: nothing was done.' : undefined;
}

/** What to do next, with commands to paste; empty if there is nothing. */
export function nextLines(next: NextSteps | undefined): string[] {
  if (next === undefined) return [];
  if (next.text === undefined) return next.commands.map((line) => `Next: ${line}`);
  return [`Next: ${next.text}`, ...next.commands.map((line) => `  ${line}`)];
}

function stateText(state: ChangeReport['state'], color: Colors): string {
  const paint = state === 'made' ? color.green : state === 'planned' ? color.yellow : color.dim;
  return paint(STATES[state].padEnd(13));
}
