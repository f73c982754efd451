import { Option } from '@commander-js/extra-typings';
import { printJson, progressDisplay } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { jsonOption, outOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('bundle')
    .description('pack a site into one file, to carry into a network without internet')
    .option('-d, --dist <name>', 'pack dist/<name>, and what builds wrote for hosts beside it')
    .option('--dir <folder>', 'pack the site in this folder')
    .addOption(outOption)
    .addOption(
      new Option('--format <format>', 'the kind of file')
        .choices(['tar.gz', 'zip'] as const)
        .default('tar.gz' as const),
    )
    .option('--file <file>', 'the file to write (default: beside the site)')
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          'build --dist production --target nginx && epr-static bundle --dist production',
          'bundle --dir /srv/sites/production --file /media/usb/packages.tar.gz',
        ],
      }),
    )
    .action(async ({ json, ...options }) => {
      const { bundle } = await import('./run.ts');
      const report = await bundle(options, await progressDisplay({ isSilent: json }));
      if (json) printJson(report);
      else (await import('./report.ts')).printBundle(report);
      finish(true);
    });
};
