import type { Command } from 'commander';
import { printJson } from '../../report.ts';
import type { Finish } from '../options.ts';

interface Options {
  readonly cache: string;
  readonly all: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Declares `cache prune`. */
export function declareCache(program: Command, finish: Finish): void {
  program
    .command('cache')
    .description('look after what builds keep for the next one')
    .command('prune')
    .description('empty the cache; the next build makes it all again')
    .option('--cache <folder>', 'where it is', '.cache')
    .option('--all', 'also the clones of storages, which have to be fetched again', false)
    .option('--dry-run', 'only say what would go', false)
    .option('--json', 'print the report as JSON', false)
    .addHelpText('after', '\nExamples:\n  epr-static cache prune --dry-run\n  epr-static cache prune --all')
    .action(async ({ json, ...options }: Options) => {
      const { pruneCache } = await import('./run.ts');
      const report = await pruneCache(options);
      const { printPrune } = await import('./report.ts');
      if (json) printJson(report);
      else printPrune(report, options.dryRun);
      finish(true);
    });
}
