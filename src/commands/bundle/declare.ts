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
      new Option(
        '--format <format>',
        'the kind of file: one with each content once, an archive of whole files, or with --since a tar of new and changed files (default: bundle, or as --file ends)',
      ).choices(['bundle', 'overlay', 'tar.gz', 'zip'] as const),
    )
    .option(
      '--since <old>',
      'leave out what the other side has: the folder of its site, a bundle of it, the list of contents beside that (NAME.contents), or the want.json that apply wrote; with --format overlay, only the folder',
    )
    .option('--max-part <size>', 'split into files of at most this size, such as 4G or 700M')
    .option('--file <file>', 'the file to write (default: beside the site)')
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          'build --dist production --target nginx && epr-static bundle --dist production',
          'bundle --dist production --since last-month/production.tar.contents',
          'bundle --dist production --since /srv/last-month/production',
          'bundle --dir /srv/sites/production --max-part 4G --file /media/usb/packages.tar',
          'bundle --dist production --format tar.gz',
          'bundle --dist production --format overlay --since last-month/production',
        ],
      }),
    )
    .action(async ({ json, ...options }) => {
      const { bundle } = await import('./run.ts');
      const progress = await progressDisplay({ isSilent: json });
      const report = await bundle(options, progress);
      if (json) printJson(report);
      else (await import('./report.ts')).printBundle(report);
      finish(true);
    });
};
