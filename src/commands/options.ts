import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { Command, CommandUnknownOpts, OptionValues } from '@commander-js/extra-typings';
import type { CdnName } from '../publish/purge/purge.ts';

/*
 * The options that several verbs share. Each means the same for every verb that takes it.
 */

export const configOption = new Option(
  '-c, --config <file>',
  "the distributions file (default: the storage's own, or else content/distributions.yml)",
);

/** For `build`, which asks in the other order (`workflow/find-config.ts`). */
export const buildConfigOption = new Option(
  '-c, --config <file>',
  "the distributions file (default: content/distributions.yml, or else the storage's own)",
);

export const storageOption = new Option(
  '-s, --storage <path|url>',
  'a folder, git repository, bundle or URL to use instead of the storage that the distributions file names',
);

export const cacheOption = new Option('--cache <folder>', 'where builds keep clones and earlier results')
  .default('.cache')
  .env('EPR_STATIC_CACHE');

/** The folder of `cacheOption` where no option names one. */
export function usualCache(): string {
  return process.env['EPR_STATIC_CACHE'] ?? '.cache';
}

export const offlineOption = new Option('--offline', 'use the clone in the cache, without fetching').default(false);

export const jsonOption = new Option('--json', 'print the report as JSON').default(false);

export const refOption = new Option('--ref <layer=ref>', 'pin a layer to a branch, tag or commit (repeatable)')
  .default<Readonly<Record<string, string>>>({}, 'none')
  .argParser(collectRef);

/** For verbs that change a storage. */
export const applyOption = new Option(
  '--apply',
  "commit to the layers' own branches, instead of to new branches for pull requests",
).default(false);

export const dryRunOption = new Option('--dry-run', 'print what would happen, and change nothing').default(false);

/** Adds the options of every verb that works on a storage and can do so without an effect. */
export function withStorageOptions<Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) {
  return command
    .addOption(dryRunOption)
    .addOption(configOption)
    .addOption(storageOption)
    .addOption(cacheOption)
    .addOption(jsonOption);
}

/** Where verbs that read a built site find it (`site-folder.ts`). */
export const outOption = new Option('-o, --out <folder>', 'where --dist finds sites').default('dist');

/** For verbs that work on a store. */
export const endpointOption = new Option('--endpoint <url>', 'the address of an object store that is not AWS');

export const atOption = new Option('--at <url>', 'the store: s3://bucket/prefix, or a folder').makeOptionMandatory();

/** The CDNs of `publish/purge/`, here so that no other command loads their code. */
const CDNS = ['cloudflare', 'fastly', 'cloudfront'] as const satisfies readonly CdnName[];

/** Adds the options of verbs that change which release is current. */
export function withPurgeOptions<Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) {
  return command
    .addOption(new Option('--purge <cdn>', 'purge the URLs whose answers changed from this CDN').choices(CDNS))
    .option('--site <url>', 'with --purge: the address of the site at the CDN')
    .addOption(
      new Option(
        '--purge-after <time>',
        'with --purge: wait so long, until readers have the release (default: as long as they may keep the pointer)',
      ).argParser(parseDuration),
    )
    .option('--purge-list <file>', 'write the URLs whose answers changed to this file');
}

export const keyOption = new Option(
  '--key <file>',
  'verify signatures by the armored public keys in this file (repeatable)',
)
  .default<readonly string[]>([], 'none')
  .argParser((file: string, files: readonly string[]) => [...files, file]);

/** Options that may be given several times. */
const REPEATABLE = new Set<unknown>([refOption, keyOption]);

/** Makes a verb refuse a value that is given twice for an option that takes one. Otherwise the last one would win unseen. */
export function refuseRepeats(command: CommandUnknownOpts): void {
  for (const option of command.options) {
    if (option.isBoolean() || option.variadic || REPEATABLE.has(option)) continue;
    let given = false;
    command.on(`option:${option.name()}`, () => {
      if (given) command.error(`error: ${option.flags} was given twice`);
      given = true;
    });
  }
}

function collectRef(value: string, known: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, layer, ref] = /^([^=]+)=(.+)$/.exec(value) ?? [];
  if (layer === undefined || ref === undefined)
    throw new InvalidArgumentError('Write it as LAYER=REF, such as production=v8.5.0.');
  return { ...known, [layer]: ref };
}

/** A port, from the text of an option. */
export function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65535) throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

/** A number that counts something, from the text of an option. */
export function parseCount(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('Write a number such as 5.');
  return Number(value);
}

/** Milliseconds, from the text of an option. */
export function parseDuration(value: string): number {
  const [, number, unit = ''] = /^(\d{1,6})([smhd])$/.exec(value) ?? [];
  if (number === undefined) throw new InvalidArgumentError('Write a time such as 90m, 12h or 30d.');
  return Number(number) * (UNITS[unit] ?? 0);
}

/** Milliseconds. */
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
