import type { Command } from 'commander';
import { printJson, progressDisplay, silentProgress } from '../../report.ts';
import { withStorageOptions } from '../options.ts';
import type { ChangingOptions, Finish } from '../options.ts';

interface Options extends ChangingOptions {
  readonly layer: string;
}

/** Declares `tag`. */
export function declareTag(program: Command, finish: Finish): void {
  const command = program
    .command('tag')
    .description("tag a layer with a release of the stack, for sites that stay with their stack's version")
    .argument('<release>', 'such as 8.7.0')
    .option('-l, --layer <layer>', 'the layer that is tagged', 'production')
    .option('--dry-run', 'say what would be done, and do nothing', false);
  withStorageOptions(command)
    .addHelpText('after', HELP)
    .action(async (release: string, { json, ...options }: Options) => {
      const { tag } = await import('./run.ts');
      const progress = json ? silentProgress : progressDisplay();
      const report = await tag({ ...options, release }, (done, total) =>
        progress.step('Reading manifests', done, total),
      ).finally(() => progress.end());
      if (json) printJson(report);
      else (await import('./report.ts')).printTag(report);
      finish(report.findings.every(({ level }) => level !== 'error'));
    });
}

const HELP = `
Refused where the tag is there, and where a build of the commit would have findings.

Examples:
  epr-static tag 8.7.0
  epr-static build --dist 8.7.0`;
