import { printJson, progressDisplay } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { jsonOption, keyOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('verify')
    .description('read a built site again, and name every file that is damaged')
    .argument('<folder>', 'the site: dist/<name>, or where a bundle was unpacked')
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
        ],
        findings: 'a file is missing, changed or too many, two files say different things, or it is another site',
      }),
    )
    .action(async (folder, { json, key: keys, against }) => {
      const { verify } = await import('./run.ts');
      const report = await verify({ folder, keys, against }, await progressDisplay({ isSilent: json }));
      if (json) printJson(report);
      else (await import('./report.ts')).printVerify(report);
      finish(report.findings.length === 0);
    });
};
