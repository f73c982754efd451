import type { Command } from 'commander';
import { printJson } from '../../report.ts';
import { withChangeOptions } from '../options.ts';
import type { ChangingOptions, Finish } from '../options.ts';

interface Options extends ChangingOptions {
  readonly layer: string;
  readonly reason?: string;
  readonly apply: boolean;
}

/** Declares `remove`. */
export function declareRemove(program: Command, finish: Finish): void {
  const command = program
    .command('remove')
    .description('take a package version out of a layer, by the rules of the layer')
    .argument('<name>')
    .argument('<version>')
    .requiredOption('-l, --layer <layer>', 'the layer that has it')
    .option('--reason <text>', 'why, kept in the commit message');
  withChangeOptions(command)
    .addHelpText('after', HELP)
    .action(async (name: string, version: string, { json, ...options }: Options) => {
      const { remove } = await import('./run.ts');
      const report = await remove({ ...options, name, version });
      if (json) printJson(report);
      else (await import('./report.ts')).printRemove(report);
      finish(report.findings.every(({ level }) => level !== 'error'));
    });
}

const HELP = `
Examples:
  epr-static remove acme 1.2.0 --layer snapshot
  epr-static remove acme 1.2.0 --layer staging --reason "loses events, see issue 12"`;
