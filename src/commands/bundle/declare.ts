import { Option } from 'commander';
import type { Command } from 'commander';
import { printJson, progressDisplay, silentProgress } from '../../report.ts';
import type { Finish } from '../options.ts';

interface Options {
  readonly dist?: string;
  readonly dir?: string;
  readonly out: string;
  readonly format: 'tar.gz' | 'zip';
  readonly file?: string;
  readonly json: boolean;
}

/** Declares `bundle`. */
export function declareBundle(program: Command, finish: Finish): void {
  program
    .command('bundle')
    .description('pack a site into one file to carry into a network without internet')
    .option('-d, --dist <name>', 'pack dist/<name>, and what was built for hosts beside it')
    .option('--dir <folder>', 'pack the site in this folder')
    .option('-o, --out <folder>', 'where --dist finds sites', 'dist')
    .addOption(new Option('--format <format>', 'what to make').choices(['tar.gz', 'zip']).default('tar.gz'))
    .option('--file <file>', 'the file to write (default: beside the site)')
    .option('--json', 'print the report as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  epr-static build --dist production --target nginx && epr-static bundle --dist production
  epr-static bundle --dir /srv/sites/production --file /media/usb/packages.tar.gz`,
    )
    .action(async ({ json, ...options }: Options) => {
      const { bundle } = await import('./run.ts');
      const report = await bundle(options, json ? silentProgress : progressDisplay());
      const { printBundle } = await import('./report.ts');
      if (json) printJson(report);
      else printBundle(report);
      finish(true);
    });
}
