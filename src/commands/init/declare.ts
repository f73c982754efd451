import { printJson } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { dryRunOption, jsonOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('init')
    .description('start a new storage: a git repository with three layers, a sample package and a CI job')
    .argument('<folder>', 'an empty folder, or one to create')
    .addOption(dryRunOption)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        examples: ['init my-registry', 'init my-registry && cd my-registry && epr-static build --dist snapshot'],
      }),
    )
    .action(async (folder, { json, ...options }) => {
      const { init } = await import('./run.ts');
      const report = await init({ ...options, folder });
      if (json) printJson(report);
      else (await import('./report.ts')).printInit(report);
      finish(true);
    });
};
