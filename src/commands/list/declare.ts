import { printJson, progressDisplay } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { cacheOption, configOption, jsonOption, offlineOption, refOption, storageOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('list')
    .description('list the package versions of a distribution or a site, and which of them wait in a lower layer')
    .argument('[name]', 'only this package')
    .option('-d, --dist <name>', 'the distribution')
    .option('--dir <folder>', 'list the built site in this folder, in place of a storage')
    .option('-l, --layer <name>', 'only this layer')
    .option('--outdated', 'only what is newer than every version of its package in the layers above', false)
    .option('--left-out', 'what a distribution with "from" leaves out, with sizes', false)
    .option('--long', 'also print files, form, dates, titles and other layers', false)
    .addOption(refOption)
    .addOption(configOption)
    .addOption(storageOption)
    .addOption(offlineOption)
    .addOption(cacheOption)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          'list --dist snapshot',
          'list nginx --dist snapshot --long',
          'list --dist snapshot --layer snapshot --outdated',
          'list --dir dist/snapshot',
          'list --dist field --left-out',
        ],
      }),
    )
    .action(async (name, { json, long: isLong, ref: refs, ...options }) => {
      const { list } = await import('./run.ts');
      const report = await list({ ...options, name, refs }, await progressDisplay({ isSilent: json }));
      if (json) printJson(report);
      else (await import('./report.ts')).printList(report, { isLong });
      finish(true);
    });
};
