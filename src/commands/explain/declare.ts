import { printJson, progressDisplay } from '../../report.ts';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { cacheOption, configOption, jsonOption, offlineOption, refOption, storageOption } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('explain')
    .description('explain why a client gets a version of a package: the one rule that decides on each')
    .argument('[name]', "the package (default: the query's, or all)")
    .argument('[version]', 'one version of it, or the beginning of one, such as 1.9')
    .option('-d, --dist <name>', 'the distribution that the client asks')
    .option('--dir <folder>', 'ask the built site in this folder, in place of a storage')
    .option('--url <request>', 'the request as the client sent it: /search?…, /categories?…, or its whole URL')
    .option('--kibana <version>', 'kibana.version')
    .option('--agent <version>', 'agent.version')
    .option('--prerelease', 'prerelease=true')
    .option('--experimental', 'experimental=true, as old clients ask')
    .option('--all', 'all=true')
    .option('--category <id>', 'category')
    .option('--type <name>', 'type')
    .option('--capabilities <list>', 'capabilities, separated by commas')
    .option('--spec-min <version>', 'spec.min')
    .option('--spec-max <version>', 'spec.max')
    .option('--discovery <filter...>', 'discovery: fields:a,b or datasets:a,b')
    .addOption(refOption)
    .addOption(configOption)
    .addOption(storageOption)
    .addOption(offlineOption)
    .addOption(cacheOption)
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd({
        examples: [
          'explain nginx --dist staging --kibana 8.3.0',
          'explain nginx 1.9 --dist staging --kibana 8.5.0',
          'explain nginx --dir dist/snapshot --kibana 8.3.0 --prerelease',
          "explain --dist staging --url '/search?package=nginx&kibana.version=8.3.0&spec.max=2.0'",
        ],
        findings: 'there is no such version; the answer is about the nearest ones',
      }),
    )
    .action(async (name, version, { json, dist, dir, url, config, storage, cache, offline, ref: refs, ...query }) => {
      const { explain } = await import('./run.ts');
      const parameters = PARAMETERS.flatMap(([option, parameter]) =>
        [query[option] ?? []].flat().map((value) => [parameter, String(value)] as const),
      );
      const asked = { name, version, dist, dir, url, parameters, config, storage, refs, cache, offline };
      const report = await explain(asked, await progressDisplay({ isSilent: json }));
      if (json) printJson(report);
      else (await import('./report.ts')).printExplain(report);
      finish(!report.packages.some(({ isNearest }) => isNearest));
    });
};

/** Each option, and the parameter of the query that it stands for. */
const PARAMETERS = [
  ['kibana', 'kibana.version'],
  ['agent', 'agent.version'],
  ['category', 'category'],
  ['type', 'type'],
  ['capabilities', 'capabilities'],
  ['specMin', 'spec.min'],
  ['specMax', 'spec.max'],
  ['discovery', 'discovery'],
  ['prerelease', 'prerelease'],
  ['experimental', 'experimental'],
  ['all', 'all'],
] as const;
