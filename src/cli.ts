#!/usr/bin/env node
import { Command, CommanderError, Help } from '@commander-js/extra-typings';
import { refuseRepeats } from './commands/options.ts';
import { generator } from './generator.ts';
import { allowClosedOutput, printFailure, printFailureJson } from './report.ts';
import { visible } from './terminal-text.ts';

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

/** In the order of `--help`. */
const verbs = await Promise.all([
  import('./commands/build/declare.ts'),
  import('./commands/serve/declare.ts'),
  import('./commands/bundle/declare.ts'),
  import('./commands/apply/declare.ts'),
  import('./commands/publish/declare.ts'),
  import('./commands/releases/declare.ts'),
  import('./commands/rollback/declare.ts'),
  import('./commands/purge/declare.ts'),
  import('./commands/prune/declare.ts'),
  import('./commands/export/declare.ts'),
  import('./commands/reader/declare.ts'),
  import('./commands/verify/declare.ts'),
  import('./commands/cache/declare.ts'),
  import('./commands/init/declare.ts'),
  import('./commands/add/declare.ts'),
  import('./commands/check/declare.ts'),
  import('./commands/diff/declare.ts'),
  import('./commands/promote/declare.ts'),
  import('./commands/remove/declare.ts'),
  import('./commands/list/declare.ts'),
  import('./commands/explain/declare.ts'),
  import('./commands/tag/declare.ts'),
  import('./commands/completion/declare.ts'),
]);

const program = new Command('epr-static')
  .description('Builds the Elastic Package Registry as a static site.')
  .version(generator, '-V, --version')
  .showHelpAfterError('(add --help for the options)')
  .configureHelp({ optionDescription })
  .configureOutput({ outputError: (text, write) => write(`${usageLines(text)}\n`) })
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  epr-static build --dist staging
  epr-static serve --dist staging
  epr-static build --help

Exit status of every command: 0 clean, 1 findings, 2 could not run.`,
  );
/** How the verb that runs would rather end at a signal than at once. */
let stop: (() => void) | undefined;
for (const { declare } of verbs)
  declare(program, (isClean, atSignal) => {
    process.exitCode = isClean ? CLEAN : FINDINGS;
    stop = atSignal;
  });
for (const command of program.commands) for (const one of [command, ...command.commands]) refuseRepeats(one);
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

/** A message of commander without control characters. It may hold arguments; its only line break is the one before a suggestion. */
function usageLines(message: string): string {
  return message
    .trimEnd()
    .split(/\n(?=\(Did you mean)/)
    .map(visible)
    .join('\n');
}

/** Commander has said it on standard error. */
function usageFailure({ message }: CommanderError): Parameters<typeof printFailureJson>[0] {
  return { code: 'usage', message: message.replace(/^error: /, ''), hint: 'see --help of the command' };
}

/** An option's line of help, without the default of a flag that is off or of a list that is empty. */
function optionDescription(option: Parameters<Help['optionDescription']>[0]): string {
  return new Help().optionDescription(option).replace(/ \(default: (false|none)\)$/, '');
}
