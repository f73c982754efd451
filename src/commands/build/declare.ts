import { Option } from '@commander-js/extra-typings';
import { hostNames } from '../../hosts/hosts.ts';
import { printJson, progressDisplay } from '../../report.ts';
import type { Progress } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import {
  buildConfigOption,
  cacheOption,
  jsonOption,
  offlineOption,
  refOption,
  storageOption,
  usualCache,
} from '../options.ts';
import type { BuildOptions } from './run.ts';
import { portOption, prefixOption, rootOption, servingOf } from './serving.ts';

const targetOption = new Option('-t, --target <host>', 'also write what this host needs, beside the site').choices(
  hostNames,
);

const allOption = new Option('--all', 'build every distribution of the distributions file')
  .default(false)
  .conflicts('dist');

const lockOption = new Option(
  '--lock',
  'write commits and versions to distributions.lock.json, beside the distributions file',
)
  .default(false)
  .conflicts('ref');

const lockedOption = new Option('--locked', 'build exactly what distributions.lock.json names')
  .default(false)
  .conflicts(['lock', 'ref']);

export const declare: Declare = (program, finish) => {
  program
    .command('build')
    .description('build the site of a distribution from the layers of a storage')
    .option('-d, --dist <name>', 'the distribution; without it, the command lists those there are')
    .addOption(allOption)
    .addOption(buildConfigOption)
    .addOption(storageOption)
    .option('-o, --out <folder>', 'where sites go: the site is <folder>/<name>', 'dist')
    .addOption(refOption)
    .addOption(targetOption)
    .addOption(prefixOption)
    .addOption(portOption)
    .addOption(rootOption)
    .option('--skip-unfit', 'leave unfit packages out, instead of failing', false)
    .addOption(offlineOption)
    .option('--refresh', 'fetch again what the cache holds of registries', false)
    .addOption(cacheOption)
    .option('--no-cache', 'make everything again, and keep only clones for later builds')
    .option('--verify', 'read every byte of the site afterwards, and make it anew if it is damaged', false)
    .addOption(lockOption)
    .addOption(lockedOption)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          'build --dist staging',
          'build --all',
          'build --dist snapshot --storage ../package-storage.git',
          'build --dist production --ref production=v8.5.0 --out sites',
          'build --dist production --target nginx',
          'build --dist production --target nginx --root /srv/registry --prefix /epr --port 80',
          'build --dist production --verify',
        ],
        findings: 'a package is unfit, or another error was found; the site stays as it was',
      }),
    )
    .action(async ({ json, ref: refs, cache, all, prefix, port, root, ...options }) => {
      const caching = typeof cache === 'string' ? { cache, noCache: false } : { cache: usualCache(), noCache: true };
      const asked = { ...options, ...caching, refs, serving: servingOf({ prefix, port, root }) };
      const progress = await progressDisplay({ isSilent: json });
      finish(all ? await runAll(asked, { json, progress }) : await runOne(asked, { json, progress }));
    });
};

interface Output {
  readonly json: boolean;
  readonly progress: Progress;
}

async function runOne(options: BuildOptions, { json, progress }: Output): Promise<boolean> {
  const { build } = await import('./run.ts');
  const report = await build(options, progress);
  if (json) printJson(report);
  else (await import('./report.ts')).printBuild(report);
  return report.site !== undefined;
}

async function runAll(options: BuildOptions, { json, progress }: Output): Promise<boolean> {
  const { buildAll, isAllBuilt } = await import('./all.ts');
  const report = await buildAll(options, progress);
  if (json) printJson(report);
  else (await import('./report.ts')).printBuildAll(report);
  return isAllBuilt(report);
}
