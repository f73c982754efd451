import { progressDisplay } from '../../report.ts';
import { endWith, helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { jsonOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('apply')
    .description('make a folder the site that a bundle holds: the receiving end of `bundle`')
    .argument('<file...>', 'bundles, and the parts of bundles, in any order')
    .requiredOption('--to <folder>', 'the folder of the site; those of hosts lie beside it')
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        notes: `All bytes of the bundles are checked before anything changes. What is new is written beside the folder, and takes effect by one
rename. After a kill, run the same command again. The folder then holds the site and nothing else: the command names other files
and removes them. Where the folder lacks contents that a bundle builds on, nothing changes, and want.json beside it says what the folder holds:
carry it to where you build.`,
        examples: [
          'apply production.tar --to /srv/registry/production',
          'apply production.tar production.2.tar --to production',
          'apply october.tar november.tar --to production',
        ],
      }),
    )
    .action(async (files, { json, to }) => {
      const { runApply } = await import('./run.ts');
      const report = await runApply({ files, to }, await progressDisplay({ isSilent: json }));
      await endWith(report, {
        json,
        print: async (made) => (await import('./report.ts')).printApply(made),
        finish,
      });
    });
};
