import { printJson, progressDisplay } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { atOption, endpointOption, jsonOption, withPurgeOptions } from '../options.ts';

export const declare: Declare = (program, finish) => {
  const command = program
    .command('purge')
    .description(
      'list the URLs whose answers changed since an earlier release of a store was current, and purge them from a CDN',
    )
    .addOption(atOption)
    .addOption(endpointOption)
    .option('--since <release>', 'the release whose answers caches may hold (default: the one that was current before)')
    .option('--all', 'caches may hold anything: purge everything', false);
  withPurgeOptions(command)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        notes:
          'Without --purge and --purge-list, it only prints the list. Tokens and ids come from the environment: docs/publish.md.',
        examples: [
          'purge --at s3://packages/production',
          'purge --at s3://packages/production --since 000041-0f3a9c1b5d7e --purge cloudflare --site https://packages.example.org',
          'purge --at /srv/store/production --all --purge fastly --site https://packages.example.org',
        ],
        findings: 'the CDN did not take all of it',
      }),
    )
    .action(async ({ json, ...options }) => {
      const { purge } = await import('./run.ts');
      const report = await purge(options, await progressDisplay({ isSilent: json }));
      if (json) printJson(report);
      else (await import('./report.ts')).printPurge(report);
      finish(report.findings.length === 0);
    });
};
