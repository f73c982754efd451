import { Option } from '@commander-js/extra-typings';
import { hasError } from '../../errors.ts';
import { printJson } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { cacheOption, configOption, jsonOption, offlineOption, storageOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('check')
    .description('check layers as they are, or what a change to a layer breaks (the gate for a pull request)')
    .option('-l, --layer <name>', 'the layer that changes; without a change, the layer to check (default: all)')
    .option('--base <ref>', 'where the change starts (default: the layer as it is)')
    .option('--head <ref>', 'the change (default: the layer as it is)')
    .option('--title <text>', "the pull request's title, which must begin with [<layer>]")
    .addOption(
      new Option('--format <name>', 'how to print the findings; github prints annotations')
        .choices(['text', 'json', 'github'] as const)
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
          'check --layer staging --base origin/staging --head HEAD --storage .',
          'check --layer staging --head my-branch --title "[staging] Add acme-1.2.0"',
          'check --storage ../package-storage.git',
        ],
        findings: 'there are errors (warnings and notes are printed, and fail nothing)',
      }),
    )
    .action(async ({ json, format, ...options }) => {
      const { check } = await import('./run.ts');
      const report = await check(options);
      const { printAnnotations, printCheck } = await import('./report.ts');
      if (json || format === 'json') printJson(report);
      else if (format === 'github') printAnnotations(report);
      else printCheck(report);
      finish(!hasError(report.findings));
    });
};
