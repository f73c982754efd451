import { printJson } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { cacheOption, configOption, jsonOption, offlineOption, refOption, storageOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('list')
    .description('list the revisions of a distribution by layer, and which of them wait in a lower layer')
    .option('-d, --dist <name>', 'the distribution')
    .option('-l, --layer <name>', 'only this layer')
    .option('--outdated', 'only what is newer than every version of its package in the layers above', false)
    .addOption(refOption)
    .addOption(configOption)
    .addOption(storageOption)
    .addOption(offlineOption)
    .addOption(cacheOption)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({ examples: ['list --dist snapshot', 'list --dist snapshot --layer snapshot --outdated'] }),
    )
    .action(async ({ json, ref: refs, ...options }) => {
      const { list } = await import('./run.ts');
      const report = await list({ ...options, refs });
      if (json) printJson(report);
      else (await import('./report.ts')).printList(report);
      finish(true);
    });
};
