import { Argument } from '@commander-js/extra-typings';
import { readerHostNames } from '../../hosts/hosts.ts';
import { printJson } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { atOption, jsonOption } from '../options.ts';

const hostArgument = new Argument(
  '<host>',
  'a Cloudflare Worker over R2, AWS Lambda over S3, or nginx before serve',
).choices(readerHostNames);

export const declare: Declare = (program, finish) => {
  program
    .command('reader')
    .description('write the program that answers from a store, for a host')
    .addArgument(hostArgument)
    .addOption(atOption)
    .option('-o, --out <folder>', 'where to write it (default: dist/reader.<host>)')
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        notes: 'The program depends on the store alone. Deploy it once; it notices each release that you publish.',
        examples: [
          'reader cloudflare --at s3://packages/production',
          'reader lambda --at s3://packages/production',
          'reader nginx --at /srv/store/production',
        ],
      }),
    )
    .action(async (host, { json, ...options }) => {
      const { writeReader } = await import('./run.ts');
      const report = await writeReader({ host, ...options });
      if (json) printJson(report);
      else (await import('./report.ts')).printReader(report);
      finish(true);
    });
};
