import type { Command } from 'commander';
import { printJson } from '../../report.ts';
import { readsStorage, refOption } from '../options.ts';
import type { Finish, ReadingOptions } from '../options.ts';

interface Options extends ReadingOptions {
  readonly dist?: string;
  readonly layer?: string;
  readonly outdated: boolean;
  readonly ref: Readonly<Record<string, string>>;
}

/** Declares `list`. */
export function declareList(program: Command, finish: Finish): void {
  const command = program
    .command('list')
    .description('the revisions of a distribution by layer, and what waits in a lower layer since when')
    .option('-d, --dist <name>', 'the distribution')
    .option('-l, --layer <name>', 'only this layer')
    .option('--outdated', 'only what is newer than all that the layers above hold of its package', false);
  readsStorage(command.addOption(refOption))
    .addHelpText(
      'after',
      `
Examples:
  epr-static list --dist snapshot
  epr-static list --dist snapshot --layer snapshot --outdated`,
    )
    .action(async ({ json, ref, ...options }: Options) => {
      const { list } = await import('./run.ts');
      const report = await list({ ...options, refs: ref });
      const { printList } = await import('./report.ts');
      if (json) printJson(report);
      else printList(report);
      finish(true);
    });
}
