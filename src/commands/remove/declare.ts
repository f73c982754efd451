import { endWith, helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { applyOption, withStorageOptions } from '../options.ts';

export const declare: Declare = (program, finish) => {
  withStorageOptions(
    program
      .command('remove')
      .description("remove a package version from a layer, by the layer's rules")
      .argument('<name>', 'the package')
      .argument('<version>', 'its version')
      .requiredOption('-l, --layer <layer>', 'the layer that has it')
      .option('--reason <text>', 'why; the commit message keeps it')
      .addOption(applyOption),
  )
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          'remove acme 1.2.0 --layer snapshot',
          'remove acme 1.2.0 --layer staging --reason "loses events, see issue 12"',
        ],
        findings: "the removal is against the layer's rules; nothing was done",
      }),
    )
    .action(async (name, version, { json, ...options }) => {
      const { remove } = await import('./run.ts');
      const report = await remove({ ...options, name, version });
      await endWith(report, { json, finish, print: async (one) => (await import('./report.ts')).printRemove(one) });
    });
};
