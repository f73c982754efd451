import type { Command } from 'commander';
import { printJson } from '../../report.ts';
import type { Finish } from '../options.ts';

/** Declares `init`. */
export function declareInit(program: Command, finish: Finish): void {
  program
    .command('init')
    .description('start a new storage: a git repository with three layers and a sample package')
    .argument('<folder>', 'a folder that is empty, or not there yet')
    .option('--dry-run', 'say what would be made, and make nothing', false)
    .option('--json', 'print the report as JSON', false)
    .addHelpText('after', HELP)
    .action(async (folder: string, { json, dryRun }) => {
      const { init } = await import('./run.ts');
      const report = await init({ folder, dryRun });
      if (json) printJson(report);
      else (await import('./report.ts')).printInit(report);
      finish(true);
    });
}

const HELP = `
Examples:
  epr-static init my-registry
  cd my-registry && epr-static build --dist snapshot && epr-static serve --dist snapshot`;
