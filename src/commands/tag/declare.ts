import { progressDisplay } from '../../report.ts';
import { endWith, helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { withStorageOptions } from '../options.ts';

export const declare: Declare = (program, finish) => {
  withStorageOptions(
    program
      .command('tag')
      .description("tag a layer with a release of the stack, for sites that stay with their stack's version")
      .argument('<release>', 'the release, such as 8.7.0')
      .option('-l, --layer <layer>', 'the layer to tag', 'production'),
  )
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
      await endWith(report, { json, finish, print: async (one) => (await import('./report.ts')).printTag(one) });
    });
};
