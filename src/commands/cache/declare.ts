import { printJson } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { cacheOption, dryRunOption, jsonOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('cache')
    .description('manage what builds keep for later builds')
    .command('prune')
    .description('empty the cache; the next build makes everything again')
    .addOption(cacheOption)
    .option('--all', 'also remove the clones of storages, which the next build then fetches again', false)
    .addOption(dryRunOption)
    .addOption(jsonOption)
    .addHelpText('after', helpEnd({ examples: ['cache prune --dry-run', 'cache prune --all'] }))
    .action(async ({ json, ...options }) => {
      const { pruneCache } = await import('./run.ts');
      const report = await pruneCache(options);
      if (json) printJson(report);
      else (await import('./report.ts')).printPrune(report, options.dryRun);
      finish(true);
    });
};
