import type { Command } from 'commander';
import { printJson } from '../../report.ts';
import { withChangeOptions } from '../options.ts';
import type { ChangingOptions, Finish } from '../options.ts';

interface Options extends ChangingOptions {
  readonly from: string;
  readonly to: string;
  readonly all: boolean;
  readonly package?: string;
  readonly kibana?: string;
  readonly apply: boolean;
}

/** Declares `promote`. */
export function declarePromote(program: Command, finish: Finish): void {
  const command = program
    .command('promote')
    .description('move a package version to a higher layer, in two steps that never let it vanish')
    .argument('[name]')
    .argument('[version]')
    .requiredOption('--from <layer>', 'the layer that has it')
    .requiredOption('--to <layer>', 'the layer that is to have it')
    .option('--all', 'everything that only the lower layer has', false)
    .option('--package <name>', 'of --all, the versions of this package')
    .option('--kibana <version>', 'of --all, what this version of Kibana can use');
  withChangeOptions(command)
    .addHelpText('after', HELP)
    .action(async (name: string | undefined, version: string | undefined, { json, ...options }: Options) => {
      const { promote } = await import('./run.ts');
      const report = await promote({ ...options, name, version });
      if (json) printJson(report);
      else (await import('./report.ts')).printPromote(report);
      finish(report.findings.every(({ level }) => level !== 'error'));
    });
}

const HELP = `
Makes two branches with a commit each, for two pull requests: the first adds to the higher layer, the second, merged after it,
removes from the lower one. Promoted twice, a version stays promoted: what is done is passed over.

Examples:
  epr-static promote acme 1.2.0 --from snapshot --to staging
  epr-static promote acme 1.2.0 --from snapshot --to staging --apply
  epr-static promote --all --kibana 8.5.0 --from staging --to production --dry-run`;
