import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';

/** Ends a verb with whether its report is clean; `cli.ts` makes the exit status of it. */
export type Finish = (isClean: boolean) => void;

/** Adds the options of every verb that works on a storage. */
export function withStorageOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the distributions file (default: content/distributions.yml)')
    .option('-s, --storage <path|url>', "in place of the config's storage")
    .option('--json', 'print the report as JSON', false)
    .addOption(new Option('--cache <folder>', 'where clones are kept').default('.cache').env('EPR_STATIC_CACHE'));
}

/** What verbs that change a storage are given. */
export interface ChangingOptions {
  readonly config?: string;
  readonly storage?: string;
  readonly cache: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Adds the options of every verb that changes layers, of a git repository on this machine. */
export function withChangeOptions(command: Command): Command {
  return withStorageOptions(
    command
      .option('--apply', "move the layers' own branches, in place of making branches for pull requests", false)
      .option('--dry-run', 'say what would be done, and do nothing', false),
  );
}

/** What verbs that only read a storage are given. */
export interface ReadingOptions {
  readonly config?: string;
  readonly storage?: string;
  readonly cache: string;
  readonly offline: boolean;
  readonly json: boolean;
}

/** Adds the options of every verb that only reads a storage, which may be anything that a build takes. */
export function readsStorage(command: Command): Command {
  return withStorageOptions(command).option('--offline', "don't fetch a storage that is a URL again", false);
}

/** `--ref`, for verbs that work on a distribution. */
export const refOption = new Option('--ref <layer=ref>', 'pin a layer to a branch, tag or commit (repeatable)')
  .default({}, 'none')
  .argParser(collectRef);

function collectRef(value: string, known: Record<string, string>): Record<string, string> {
  const [, layer, ref] = /^([^=]+)=(.+)$/.exec(value) ?? [];
  if (layer === undefined || ref === undefined)
    throw new InvalidArgumentError('Write it as LAYER=REF, such as production=v8.5.0.');
  return { ...known, [layer]: ref };
}
