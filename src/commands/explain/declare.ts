import type { Command } from 'commander';
import { printJson } from '../../report.ts';
import { readsStorage, refOption } from '../options.ts';
import type { Finish, ReadingOptions } from '../options.ts';

interface Options extends ReadingOptions {
  readonly dist?: string;
  readonly url?: string;
  readonly ref: Readonly<Record<string, string>>;
  readonly kibana?: string;
  readonly agent?: string;
  readonly category?: string;
  readonly type?: string;
  readonly capabilities?: string;
  readonly specMin?: string;
  readonly specMax?: string;
  readonly discovery?: readonly string[];
  readonly prerelease?: true;
  readonly experimental?: true;
  readonly all?: true;
}

/** Option -> the parameter of the query. */
const PARAMETERS = {
  kibana: 'kibana.version',
  agent: 'agent.version',
  category: 'category',
  type: 'type',
  capabilities: 'capabilities',
  specMin: 'spec.min',
  specMax: 'spec.max',
  discovery: 'discovery',
  prerelease: 'prerelease',
  experimental: 'experimental',
  all: 'all',
} as const;

/** Declares `explain`. */
export function declareExplain(program: Command, finish: Finish): void {
  const command = program
    .command('explain')
    .description('why a client gets this version of a package: the one rule that decides on each')
    .argument('[name]', "the package (default: the query's, or all)")
    .option('-d, --dist <name>', 'the distribution that the client asks')
    .option('--url <request>', 'the request as it was sent: /search?…, /categories?…, or a whole URL of one')
    .option('--kibana <version>', 'kibana.version')
    .option('--agent <version>', 'agent.version')
    .option('--prerelease', 'prerelease=true')
    .option('--experimental', 'experimental=true, as old clients ask')
    .option('--all', 'all=true')
    .option('--category <id>', 'category')
    .option('--type <name>', 'type')
    .option('--capabilities <list>', 'capabilities, with commas between them')
    .option('--spec-min <version>', 'spec.min')
    .option('--spec-max <version>', 'spec.max')
    .option('--discovery <filter...>', 'discovery: fields:a,b or datasets:a,b');
  readsStorage(command.addOption(refOption))
    .addHelpText(
      'after',
      `
Examples:
  epr-static explain nginx --dist staging --kibana 8.3.0
  epr-static explain nginx --dist snapshot --kibana 8.3.0 --prerelease
  epr-static explain --dist staging --url '/search?package=nginx&kibana.version=8.3.0&spec.max=2.0'`,
    )
    .action(async (name: string | undefined, options: Options) => {
      const { explain } = await import('./run.ts');
      const { json, ref, dist, url, config, storage, cache, offline } = options;
      const parameters = Object.entries(PARAMETERS).flatMap(([option, parameter]) => {
        const value = options[option as keyof typeof PARAMETERS];
        const values = value === undefined ? [] : Array.isArray(value) ? value : [value];
        return values.map((one) => [parameter, String(one)] as const);
      });
      const report = await explain({ name, dist, url, parameters, config, storage, refs: ref, cache, offline });
      const { printExplain } = await import('./report.ts');
      if (json) printJson(report);
      else printExplain(report);
      finish(true);
    });
}
