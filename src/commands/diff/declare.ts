import type { Command } from 'commander';
import { Option } from 'commander';
import { printJson } from '../../report.ts';
import { readsStorage } from '../options.ts';
import type { Finish, ReadingOptions } from '../options.ts';

interface Options extends ReadingOptions {
  readonly layer?: string;
  readonly dist?: string;
  readonly format: 'text' | 'json' | 'markdown';
}

/** Declares `diff`. */
export function declareDiff(program: Command, finish: Finish): void {
  const command = program
    .command('diff')
    .description('what is different between two sites, two distributions, or two commits of a layer')
    .argument('<before>', "a site's folder, a distribution, or, with --layer, a branch, tag or commit")
    .argument('<after>', 'one of the same kind')
    .option('-l, --layer <name>', 'compare this layer at two commits')
    .option('-d, --dist <name>', 'with --layer: compare this distribution, with the layer at each of the commits')
    .addOption(
      new Option('--format <name>', "how it is printed; markdown: a pull request's comment")
        .choices(['text', 'json', 'markdown'])
        .default('text'),
    );
  readsStorage(command)
    .addHelpText(
      'after',
      `
Examples:
  epr-static diff production staging
  epr-static diff dist/staging /srv/sites/staging
  epr-static diff staging~1 staging --layer staging --dist snapshot --format markdown`,
    )
    .action(async (before: string, after: string, { json, format, ...options }: Options) => {
      const { diff } = await import('./run.ts');
      const report = await diff({ ...options, sides: [before, after] });
      const { printDiff, printDiffMarkdown } = await import('./report.ts');
      if (json || format === 'json') printJson(report);
      else if (format === 'markdown') printDiffMarkdown(report);
      else printDiff(report);
      finish(true);
    });
}
