import { Option } from '@commander-js/extra-typings';
import { helpEnd, endWith } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { endpointOption, jsonOption, outOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('export')
    .description('write the index from which a registry of your own serves a site that is somewhere else')
    .addOption(new Option('--format <format>', 'the form of the index').choices(['epr-index']).makeOptionMandatory())
    .option('-d, --dist <name>', 'export dist/<name>')
    .option('--dir <folder>', 'export the site in this folder')
    .addOption(outOption)
    .requiredOption('--to <url>', 'where the index goes: s3://bucket/prefix, or a folder')
    .addOption(endpointOption)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        notes: 'The site itself has to answer below /artifacts/: set "artifacts: true" for the distribution.',
        examples: [
          'export --format epr-index --dist production --to /srv/epr-index',
          'export --format epr-index --dir /srv/sites/production --to s3://packages/index',
        ],
      }),
    )
    .action(async ({ json, ...options }) => {
      const { exportSite } = await import('./run.ts');
      const report = await exportSite(options);
      const print = async (): Promise<void> => (await import('./report.ts')).printExport(report);
      await endWith(report, { json, print, finish });
    });
};
