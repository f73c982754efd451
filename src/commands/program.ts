import { Command, Help } from '@commander-js/extra-typings';
import { generator } from '../generator.ts';
import { visible } from '../terminal-text.ts';
import type { Finish } from './declare.ts';
import { refuseRepeats } from './options.ts';

/** The program with all of its verbs. A verb that ran calls `finish`. Nothing is parsed yet. */
export async function programOf(finish: Finish): Promise<Command> {
  const program = new Command('epr-static')
    .description('Builds the Elastic Package Registry as a static site.')
    .version(generator, '-V, --version')
    .showHelpAfterError('(add --help for the options)')
    .configureHelp({ optionDescription })
    .configureOutput({ outputError: (text, write) => write(`${usageLines(text)}\n`) })
    .exitOverride()
    .addHelpText('after', HELP_END);
  for (const { declare } of await verbs()) declare(program, finish);
  for (const command of program.commands) for (const one of [command, ...command.commands]) refuseRepeats(one);
  return program;
}

const HELP_END = `
Examples:
  epr-static build --dist staging
  epr-static serve --dist staging
  epr-static build --help

Exit status of every command: 0 it did its work, 1 it found an error, 2 it could not run.`;

/** In the order of `--help`. */
const verbs = async () =>
  await Promise.all([
    import('./build/declare.ts'),
    import('./serve/declare.ts'),
    import('./bundle/declare.ts'),
    import('./apply/declare.ts'),
    import('./publish/declare.ts'),
    import('./releases/declare.ts'),
    import('./rollback/declare.ts'),
    import('./purge/declare.ts'),
    import('./prune/declare.ts'),
    import('./export/declare.ts'),
    import('./reader/declare.ts'),
    import('./verify/declare.ts'),
    import('./cache/declare.ts'),
    import('./init/declare.ts'),
    import('./add/declare.ts'),
    import('./check/declare.ts'),
    import('./diff/declare.ts'),
    import('./promote/declare.ts'),
    import('./remove/declare.ts'),
    import('./list/declare.ts'),
    import('./explain/declare.ts'),
    import('./tag/declare.ts'),
    import('./completion/declare.ts'),
  ]);

/** A message of commander without control characters. It may hold arguments; its only line break is the one before a suggestion. */
function usageLines(message: string): string {
  return message
    .trimEnd()
    .split(/\n(?=\(Did you mean)/)
    .map(visible)
    .join('\n');
}

/** An option's line of help, without the default of a flag that is off or of a list that is empty. */
function optionDescription(option: Parameters<Help['optionDescription']>[0]): string {
  return new Help().optionDescription(option).replace(/ \(default: (false|none)\)$/, '');
}
