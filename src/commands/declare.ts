import type { Command } from '@commander-js/extra-typings';

/**
 * Ends a verb. A clean report has no errors; `cli.ts` makes the exit status of it. A verb that goes on until a signal gives what ends it
 * then; a second signal ends it at once.
 */
export type Finish = (isClean: boolean, atSignal?: () => void) => void;

/** Adds a verb to the program: its arguments, its options, its help, and what runs. */
export type Declare = (program: Command, finish: Finish) => void;

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
