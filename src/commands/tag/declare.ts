import { hasError } from '../../errors.ts';
import { printJson, progressDisplay } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { cacheOption, configOption, dryRunOption, jsonOption, storageOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('tag')
    .description("tag a layer with a release of the stack, for sites that stay with their stack's version")
    .argument('<release>', 'the release, such as 8.7.0')
    .option('-l, --layer <layer>', 'the layer to tag', 'production')
    .addOption(dryRunOption)
    .addOption(configOption)
    .addOption(storageOption)
    .addOption(cacheOption)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        notes: 'Each release is tagged once. A layer that a build would refuse is not tagged.',
        examples: ['tag 8.7.0', 'tag 8.7.0 && epr-static build --dist 8.7.0'],
        findings: 'a build of the layer would have errors; nothing was tagged',
      }),
    )
    .action(async (release, { json, ...options }) => {
      const { tag } = await import('./run.ts');
      const report = await tag({ ...options, release }, await progressDisplay({ isSilent: json }));
      if (json) printJson(report);
      else (await import('./report.ts')).printTag(report);
      finish(!hasError(report.findings));
    });
};
