import { endWith, helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { applyOption, withStorageOptions } from '../options.ts';

export const declare: Declare = (program, finish) => {
  withStorageOptions(
    program
      .command('promote')
      .description('move a package version to a higher layer, in two steps, so that it is always in one of them')
      .argument('[name]', 'the package')
      .argument('[version]', 'its version')
      .requiredOption('--from <layer>', 'the layer that has it')
      .requiredOption('--to <layer>', 'the layer that gets it')
      .option('--all', 'promote everything that only the lower layer has', false)
      .option('--each', 'with --all: make a change for each package version, in place of one for all', false)
      .option('--package <name>', 'with --all: only the versions of this package')
      .option('--kibana <version>', 'with --all: only what this version of Kibana can use')
      .addOption(applyOption),
  )
    .addHelpText(
      'after',
      helpEnd({
        notes: `Makes two branches with a commit each, for two pull requests. The first adds to the higher layer. The second removes
from the lower layer; merge it after the first. You can run the command again: it skips the steps that are done.`,
        examples: [
          'promote acme 1.2.0 --from snapshot --to staging',
          'promote acme 1.2.0 --from snapshot --to staging --apply',
          'promote --all --kibana 8.5.0 --from staging --to production --dry-run',
        ],
        findings: "a package is unfit, or against a layer's rules; nothing was done",
      }),
    )
    .action(async (name, version, { json, ...options }) => {
      const { promote } = await import('./run.ts');
      const report = await promote({ ...options, name, version });
      await endWith(report, { json, finish, print: async (one) => (await import('./report.ts')).printPromote(one) });
    });
};
