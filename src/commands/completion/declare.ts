import { Argument } from '@commander-js/extra-typings';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { printCompletion } from './report.ts';
import { completion, shells } from './run.ts';
import type { VerbWords } from './run.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('completion')
    .description('print a script with which a shell completes the command line')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText(
      'after',
      helpEnd({
        notes: `To use it:
  bash  epr-static completion bash > ~/.local/share/bash-completion/completions/epr-static
  zsh   epr-static completion zsh > "\${fpath[1]}/_epr-static"
  fish  epr-static completion fish > ~/.config/fish/completions/epr-static.fish`,
        examples: ['completion bash', 'completion zsh'],
      }),
    )
    .action((shell) => {
      printCompletion(completion(shell, program.commands.map(wordsOf)));
      finish(true);
    });
};

/** What a shell needs to know of a verb. */
function wordsOf(command: CommandUnknownOpts): VerbWords {
  return {
    name: command.name(),
    description: command.description(),
    words: [
      ...command.commands.map((one) => one.name()),
      ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    ],
    options: [...command.options, ...command.commands.flatMap(({ options }) => options)].flatMap((option) =>
      option.long === undefined || option.hidden
        ? []
        : [
            {
              long: option.long,
              short: option.short ?? undefined,
              description: option.description,
              takesValue: option.required || option.optional,
              choices: option.argChoices,
            },
          ],
    ),
  };
}
