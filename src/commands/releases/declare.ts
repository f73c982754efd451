import { printJson } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { atOption, endpointOption, jsonOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('releases')
    .description('list the releases that a store keeps')
    .addOption(atOption)
    .addOption(endpointOption)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({ examples: ['releases --at s3://packages/production', 'releases --at /srv/store/production --json'] }),
    )
    .action(async ({ json, ...options }) => {
      const { releases } = await import('./run.ts');
      const report = await releases(options);
      if (json) printJson(report);
      else (await import('./report.ts')).printReleases(report);
      finish(true);
    });
};
