import type { Command } from 'commander';
import { Option } from 'commander';
import { printJson } from '../../report.ts';
import { readsStorage } from '../options.ts';
import type { Finish, ReadingOptions } from '../options.ts';

interface Options extends ReadingOptions {
  readonly layer?: string;
  readonly base?: string;
  readonly head?: string;
  readonly title?: string;
  readonly format: 'text' | 'json' | 'github';
}

/** Declares `check`. */
export function declareCheck(program: Command, finish: Finish): void {
  const command = program
    .command('check')
    .description('the gate for a pull request: what a change of a layer breaks; without a change, what is wrong now')
    .option('-l, --layer <name>', 'the layer that is changed (without a change: the one to check; default: all)')
    .option('--base <ref>', 'what the change starts from (default: the layer as it is)')
    .option('--head <ref>', 'the change (default: the layer as it is)')
    .option('--title <text>', "the pull request's title, which must begin with [<layer>]")
    .addOption(
      new Option('--format <name>', 'how findings are printed; github: annotations')
        .choices(['text', 'json', 'github'])
        .default('text'),
    );
  readsStorage(command)
    .addHelpText(
      'after',
      `
Errors fail the check (exit status 1); warnings and notes are only shown.

Examples:
  epr-static check --layer staging --base origin/staging --head HEAD --storage .
  epr-static check --layer staging --head my-branch --title "[staging] Add acme-1.2.0"
  epr-static check --storage ../package-storage.git`,
    )
    .action(async ({ json, format, ...options }: Options) => {
      const { check } = await import('./run.ts');
      const report = await check(options);
      const { printAnnotations, printCheck } = await import('./report.ts');
      if (json || format === 'json') printJson(report);
      else if (format === 'github') printAnnotations(report);
      else printCheck(report);
      finish(report.findings.every(({ level }) => level !== 'error'));
    });
}
