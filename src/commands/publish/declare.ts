import { printJson, progressDisplay } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { dryRunOption, endpointOption, jsonOption, outOption, withPurgeOptions } from '../options.ts';

export const declare: Declare = (program, finish) => {
  const command = program
    .command('publish')
    .description('send a site to an object store or a folder, and make it the current release there at once')
    .option('-d, --dist <name>', 'publish dist/<name>')
    .option('--dir <folder>', 'publish the site in this folder')
    .addOption(outOption)
    .requiredOption('--to <url>', 'the store: s3://bucket/prefix, or a folder')
    .addOption(endpointOption)
    .option('--check', "compare with the store's own listing, and send what is missing", false)
    .addOption(dryRunOption);
  withPurgeOptions(command)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        notes:
          'Credentials come from where the AWS command line finds them. A run that was ended goes on where it ended.',
        examples: [
          'publish --dist production --to s3://packages/production',
          'publish --dist production --to s3://packages/production --endpoint http://127.0.0.1:9000',
          'publish --dist production --to /srv/store/production --dry-run',
          'publish --dist production --to s3://packages/production --purge cloudflare --site https://packages.example.org',
        ],
        findings: 'the release is current, and the CDN did not take the whole purge',
      }),
    )
    .action(async ({ json, ...options }) => {
      const { publish } = await import('./run.ts');
      const report = await publish(options, await progressDisplay({ isSilent: json }));
      if (json) printJson(report);
      else (await import('./report.ts')).printPublish(report);
      finish(report.findings.length === 0);
    });
};
