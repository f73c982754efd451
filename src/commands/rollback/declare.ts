import { printJson, progressDisplay } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { atOption, endpointOption, jsonOption, withPurgeOptions } from '../options.ts';

export const declare: Declare = (program, finish) => {
  const command = program
    .command('rollback')
    .description('make an earlier release of a store the current one')
    .argument('[release]', 'the id of the release (default: the one that was published before the current one)')
    .addOption(atOption)
    .addOption(endpointOption);
  withPurgeOptions(command)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        notes: 'Any release that the store keeps can become current, also a newer one.',
        examples: [
          'rollback --at s3://packages/production',
          'rollback 000041-0f3a9c1b5d7e --at /srv/store/production',
          'rollback --at s3://packages/production --purge fastly --site https://packages.example.org',
        ],
        findings: 'the release is current, and the CDN did not take the whole purge',
      }),
    )
    .action(async (release, { json, ...options }) => {
      const { rollback } = await import('./run.ts');
      const report = await rollback({ ...options, release }, await progressDisplay({ isSilent: json }));
      if (json) printJson(report);
      else (await import('./report.ts')).printRollback(report);
      finish(report.findings.length === 0);
    });
};
