import { Option } from '@commander-js/extra-typings';
import type { Command } from '@commander-js/extra-typings';
import { buildConfigOption, cacheOption, storageOption, usualCache } from '../options.ts';
import type { BuildOptions } from '../build/run.ts';

/* The options of `serve` with which it builds the site that it serves. */

const packagesOption = new Option(
  '--packages <folder>',
  "watch and serve the packages of this folder alone, such as elastic-package's build/packages",
).conflicts(['dist', 'dir', 'store', 'config', 'storage']);

/** Those that mean something only with `--watch`. */
const ONLY_WATCHED = ['config', 'storage', 'skipUnfit'] as const;

export interface WatchOptions {
  readonly watch: boolean;
  readonly packages?: string | undefined;
  readonly dist?: string | undefined;
  readonly out: string;
  readonly config?: string | undefined;
  readonly storage?: string | undefined;
  readonly skipUnfit: boolean;
  readonly cache: string;
}

/** Adds the options to the verb. */
export function withWatchOptions<Arguments extends unknown[], Options extends object>(
  command: Command<Arguments, Options & Record<never, never>>,
) {
  return command
    .addOption(
      new Option('-w, --watch', 'build the site of --dist, and again whenever its packages change')
        .default(false)
        .conflicts(['dir', 'store']),
    )
    .addOption(packagesOption)
    .addOption(buildConfigOption)
    .addOption(storageOption)
    .addOption(cacheOption)
    .option('--skip-unfit', 'with --watch: leave unfit packages out, instead of keeping the last good site', false);
}

/** How the site is built; undefined if it isn't. `refuse` ends the program with a message. */
export async function watchedBuild(
  options: WatchOptions,
  refuse: (message: string) => never,
): Promise<BuildOptions | undefined> {
  const { watch, packages, dist, out, config, storage, skipUnfit, cache } = options;
  const same = { refs: {}, skipUnfit, offline: false };
  if (packages !== undefined) {
    const { previewOf } = await import('./preview.ts');
    const preview = await previewOf(packages, process.env);
    return { ...same, ...preview, ...(cache !== usualCache() && { cache }), allowsTwice: true };
  }
  if (watch) return { ...same, dist, out, config, storage, cache };
  for (const name of ONLY_WATCHED)
    if (options[name]) refuse(`error: --${name === 'skipUnfit' ? 'skip-unfit' : name} is for --watch`);
  return undefined;
}
