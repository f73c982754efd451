import { Option } from '@commander-js/extra-typings';
import { printJson, progressDisplay } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { cacheOption, configOption, jsonOption, offlineOption, storageOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('diff')
    .description('compare two sites, two distributions, or two commits of a layer')
    .argument('<before>', "a site's folder, a distribution, or with --layer a branch, tag or commit")
    .argument('<after>', 'one of the same kind')
    .option('-l, --layer <name>', 'compare this layer at two commits')
    .option('-d, --dist <name>', 'with --layer: compare this distribution, with the layer at each of the commits')
    .addOption(
      new Option('--format <name>', "how to print it; markdown is for a pull request's comment")
        .choices(['text', 'json', 'markdown'] as const)
        .default('text' as const),
    )
    .addOption(configOption)
    .addOption(storageOption)
    .addOption(offlineOption)
    .addOption(cacheOption)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          'diff production staging',
          'diff dist/staging /srv/sites/staging',
          'diff staging~1 staging --layer staging --dist snapshot --format markdown',
        ],
      }),
    )
    .action(async (before, after, { json, format, ...options }) => {
      const { diff } = await import('./run.ts');
      const report = await diff(
        { ...options, sides: [before, after] },
        await progressDisplay({ isSilent: json || format === 'json' }),
      );
      const { printDiff, printDiffMarkdown } = await import('./report.ts');
      if (json || format === 'json') printJson(report);
      else if (format === 'markdown') printDiffMarkdown(report);
      else printDiff(report);
      finish(true);
    });
};
