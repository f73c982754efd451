import { Option } from '@commander-js/extra-typings';
import { printJson, progressDisplay } from '../../report.ts';
import type { Progress } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import type { VerifyAtOptions } from './store.ts';
import { endpointOption, jsonOption, keyOption, parseDuration } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('verify')
    .description('read a built site again, and name every file that is damaged')
    .argument('[folder]', 'the site: dist/<name>, or where a bundle was unpacked')
    .option('--at <url>', 'look at a store instead: every object that its releases need')
    .option('--site <url>', 'with --at: ask this live site, and compare with what the store has')
    .addOption(new Option('--max-age <time>', 'with --site: how old its release may be').argParser(parseDuration))
    .addOption(endpointOption)
    .option('--deep', 'with --at: read each object, and check its digest', false)
    .addOption(keyOption)
    .option(
      '--against <file>',
      'the site has to be the one that this file is about: the release.json of the built site, or a bundle of it',
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
          'verify --site https://packages.example.org --at s3://packages/production --max-age 24h',
        ],
        findings:
          'a file is missing, changed or not of the site, two files contradict each other, or it is another site',
      }),
    )
    .action(async (folder, { json, key: keys, against, at, endpoint, deep, site, maxAge }, command) => {
      const progress = await progressDisplay({ isSilent: json });
      const refuse = (isWrong: boolean, text: string): void => void (isWrong && command.error(`error: ${text}`));
      refuse(at !== undefined && folder !== undefined, 'give a folder or --at, not both');
      refuse(site !== undefined && at === undefined, '--site needs --at, the store to compare with');
      refuse(maxAge !== undefined && site === undefined, '--max-age needs --site');
      refuse(deep && (at === undefined || site !== undefined), '--deep needs --at, and goes without --site');
      refuse(at !== undefined && (keys.length > 0 || against !== undefined), '--key and --against need a folder');
      if (at !== undefined) return finish(await verifyStoreAt({ at, endpoint, deep, site, maxAge, json }, progress));
      if (folder === undefined) return command.error("error: missing required argument 'folder', or --at");
      const { verify } = await import('./run.ts');
      const report = await verify({ folder, keys, against }, progress);
      if (json) printJson(report);
      else (await import('./report.ts')).printVerify(report);
      finish(report.findings.length === 0);
    });
};

interface StoreArguments extends VerifyAtOptions {
  readonly site: string | undefined;
  readonly maxAge: number | undefined;
  readonly json: boolean;
}

/** Verifies a store, or a live site by it, and prints the report. Whether it is clean. */
async function verifyStoreAt({ json, site, ...options }: StoreArguments, progress: Progress): Promise<boolean> {
  const { verifyAt, verifySiteAt } = await import('./store.ts');
  const { printLive, printStore } = await import('./report.ts');
  if (site === undefined) {
    const report = await verifyAt(options, progress);
    if (json) printJson(report);
    else printStore(report);
    return report.findings.length === 0;
  }
  const report = await verifySiteAt({ ...options, site });
  if (json) printJson(report);
  else printLive(report);
  return report.findings.length === 0;
}
