import type { Command } from '@commander-js/extra-typings';
import { hasError } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { printJson } from '../report.ts';

/**
 * Ends a verb. A clean report has no errors; `cli.ts` makes the exit status of it. A verb that goes on until a signal gives what ends it
 * then; a second signal ends it at once.
 */
export type Finish = (isClean: boolean, atSignal?: () => void) => void;

/** Adds a verb to the program: its arguments, its options, its help, and what runs. */
export type Declare = (program: Command, finish: Finish) => void;

/** Shows a report, as JSON or for a person (`print`), and ends the verb: clean if no finding is an error. */
export async function endWith<Report extends { readonly findings: readonly Finding[] }>(
  report: Report,
  { json, print, finish }: { readonly json: boolean; print(report: Report): Promise<void>; readonly finish: Finish },
): Promise<void> {
  if (json) printJson(report);
  else await print(report);
  finish(!hasError(report.findings));
}

/** The end of a verb's help. */
export interface HelpEnd {
  /** What the options don't say. */
  readonly notes?: string;
  /** Commands to paste, without the program's name. */
  readonly examples: readonly string[];
  /** What exit status 1 means; undefined for verbs that never have findings. */
  readonly findings?: string;
}

/** The text behind a verb's options: notes, examples, and every exit status. */
export function helpEnd({ notes, examples, findings }: HelpEnd): string {
  return [
    ...(notes === undefined ? [] : ['', notes]),
    '',
    'Examples:',
    ...examples.map((example) => `  epr-static ${example}`),
    '',
    'Exit status:',
    '  0  the command did its work',
    ...(findings === undefined ? [] : [`  1  ${findings}`]),
    '  2  the command could not run; the message says why',
  ].join('\n');
}
