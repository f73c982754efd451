import { Option } from '@commander-js/extra-typings';
import { progressDisplay } from '../../report.ts';
import { endWith, helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { applyOption, withStorageOptions } from '../options.ts';

export const declare: Declare = (program, finish) => {
  withStorageOptions(
    program
      .command('add')
      .description('add packages to a layer, as one commit')
      .argument(
        '<path...>',
        'zips that elastic-package built, or folders of one package each; with --from, PACKAGE or PACKAGE@VERSION',
      )
      .requiredOption('-l, --layer <layer>', 'the layer that gets them')
      .option('--from <url>', 'take packages from this registry, as zips; without @VERSION, the newest release')
      .option('--keep-zip', 'keep each zip as it is, instead of unpacking it (a signed zip is always kept)', false)
      .addOption(new Option('--offline', 'with --from: take what the cache holds, and ask nothing').default(false))
      .addOption(applyOption),
  )
    .addHelpText(
      'after',
      helpEnd({
        notes: `Makes a branch with one commit, for a pull request. A signature beside a zip (acme-1.0.0.zip.sig) is added with it.`,
        examples: [
          'add build/packages/acme-1.0.0.zip --layer snapshot',
          'add packages/acme packages/widget --layer snapshot --apply',
          'add nginx apache@1.3.5 --from https://packages.example.org --layer snapshot',
        ],
        findings: "a package is unfit, or against the layer's rules; nothing was done",
      }),
    )
    .action(async (paths, { json, ...options }) => {
      const { add } = await import('./run.ts');
      const report = await add({ ...options, paths }, await progressDisplay({ isSilent: json }));
      await endWith(report, { json, finish, print: async (one) => (await import('./report.ts')).printAdd(one) });
    });
};
