import { Option } from '@commander-js/extra-typings';
import { printJson } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { atOption, endpointOption, jsonOption, parseCount, parseDuration } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('prune')
    .description('remove old releases from a store, and what only they need')
    .addOption(atOption)
    .addOption(endpointOption)
    .addOption(
      new Option('--keep <number>', 'how many of the newest releases to keep').argParser(parseCount).default(5),
    )
    .addOption(
      new Option('--older-than <time>', 'keep releases that were current within this time')
        .argParser(parseDuration)
        .default(30 * 24 * 60 * 60 * 1000, '30d'),
    )
    .addOption(
      new Option('--grace <time>', 'keep what was current or sent within this time')
        .argParser(parseDuration)
        .default(60 * 60 * 1000, '1h'),
    )
    .option('--yes', 'remove the releases, instead of only listing them', false)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        notes: 'The current release always stays. Times are written as 90m, 12h or 30d, and are those of the store.',
        examples: [
          'prune --at s3://packages/production',
          'prune --at /srv/store/production --keep 2 --older-than 7d --yes',
        ],
      }),
    )
    .action(async ({ json, ...options }) => {
      const { pruneStore } = await import('./run.ts');
      const report = await pruneStore(options);
      if (json) printJson(report);
      else (await import('./report.ts')).printPruneStore(report);
      finish(true);
    });
};
