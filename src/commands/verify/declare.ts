import { printJson, progressDisplay } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { endpointOption, jsonOption, keyOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('verify')
    .description('read a built site again, and name every file that is damaged')
    .argument('[folder]', 'the site: dist/<name>, or where a bundle was unpacked')
    .option('--at <url>', 'look at a store instead: every object that its releases need')
    .addOption(endpointOption)
    .option('--deep', 'with --at: read each object, and check its digest', false)
    .addOption(keyOption)
    .option(
      '--against <release.json>',
      'the site has to be the one that this release.json is about: that of the built site',
    )
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          'verify dist/staging',
          'verify /srv/sites/production --json',
          'verify dist/production --key maintainers.asc',
          'verify /srv/sites/production --against release.json',
          'verify --at s3://packages/production --deep',
        ],
        findings: 'a file is missing, changed or too many, two files say different things, or it is another site',
      }),
    )
    .action(async (folder, { json, key: keys, against, at, endpoint, deep }, command) => {
      const progress = await progressDisplay({ isSilent: json });
      if (at !== undefined && folder !== undefined) command.error('error: give a folder or --at, not both');
      if (at !== undefined) {
        const { verifyAt } = await import('./store.ts');
        const report = await verifyAt({ at, endpoint, deep }, progress);
        if (json) printJson(report);
        else (await import('./report.ts')).printStore(report);
        return finish(report.findings.length === 0);
      }
      if (folder === undefined) return command.error("error: missing required argument 'folder', or --at");
      const { verify } = await import('./run.ts');
      const report = await verify({ folder, keys, against }, progress);
      if (json) printJson(report);
      else (await import('./report.ts')).printVerify(report);
      finish(report.findings.length === 0);
    });
};
