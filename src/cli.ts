#!/usr/bin/env node
import { CommanderError } from '@commander-js/extra-typings';
import { programOf } from './commands/program.ts';
import { allowClosedOutput, printFailure, printFailureJson } from './report.ts';

/*
 * Arguments in, a verb called, an exit status out. Each verb is a folder of `commands/`: it declares its arguments, runs, and
 * reports.
 */

const CLEAN = 0;
const FINDINGS = 1;
const COULD_NOT_RUN = 2;

/** A command that fails before its options are known, too, must give JSON to a program that asks for it. */
const isJson = process.argv.includes('--json');
allowClosedOutput();
process.on('uncaughtException', (error) => {
  printFailure(error, { isJson });
  process.exit(COULD_NOT_RUN);
});

/** How the verb that runs would rather end at a signal than at once. */
let stop: (() => void) | undefined;
const program = await programOf((isClean, atSignal) => {
  process.exitCode = isClean ? CLEAN : FINDINGS;
  stop = atSignal;
});
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (!stop) process.exit(128 + (signal === 'SIGINT' ? 2 : 15));
    stop();
    stop = undefined;
  });

try {
  await program.parseAsync();
} catch (error) {
  const isUsage = error instanceof CommanderError;
  const isHelp = isUsage && error.exitCode === 0;
  if (!isUsage) printFailure(error, { isJson });
  else if (isJson && !isHelp) printFailureJson(usageFailure(error));
  process.exitCode = isHelp ? CLEAN : COULD_NOT_RUN;
}

/** Commander has said it on standard error. */
function usageFailure({ message }: CommanderError): Parameters<typeof printFailureJson>[0] {
  return { code: 'usage', message: message.replace(/^error: /, ''), hint: 'see --help of the command' };
}
