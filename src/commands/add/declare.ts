import type { Command } from 'commander';
import { printJson } from '../../report.ts';
import { withChangeOptions } from '../options.ts';
import type { ChangingOptions, Finish } from '../options.ts';

interface Options extends ChangingOptions {
  readonly layer: string;
  readonly keepZip: boolean;
  readonly apply: boolean;
}

/** Declares `add`. */
export function declareAdd(program: Command, finish: Finish): void {
  const command = program
    .command('add')
    .description('put packages into a layer, as one commit')
    .argument('<path...>', 'zips, as elastic-package build makes them, or folders of one package each')
    .requiredOption('-l, --layer <layer>', 'the layer that is to have them')
    .option('--keep-zip', 'keep zips as they are, in place of unpacking them (a signed one always is)', false);
  withChangeOptions(command)
    .addHelpText('after', HELP)
    .action(async (paths: readonly string[], { json, ...options }: Options) => {
      const { add } = await import('./run.ts');
      const report = await add({ ...options, paths });
      if (json) printJson(report);
      else (await import('./report.ts')).printAdd(report);
      finish(report.findings.every(({ level }) => level !== 'error'));
    });
}

const HELP = `
Makes a branch with one commit, for a pull request. A signature beside a zip (acme-1.0.0.zip.sig) comes along.

Examples:
  epr-static add build/packages/acme-1.0.0.zip --layer snapshot
  epr-static add packages/acme packages/widget --layer snapshot --apply`;
