#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { declareAdd } from './commands/add/declare.ts';
import { declareBundle } from './commands/bundle/declare.ts';
import { declareCache } from './commands/cache/declare.ts';
import { declareCheck } from './commands/check/declare.ts';
import { declareDiff } from './commands/diff/declare.ts';
import { declareExplain } from './commands/explain/declare.ts';
import { declareInit } from './commands/init/declare.ts';
import { declareList } from './commands/list/declare.ts';
import { declarePromote } from './commands/promote/declare.ts';
import { declareRemove } from './commands/remove/declare.ts';
import { declareTag } from './commands/tag/declare.ts';
import { generator } from './generator.ts';
import { printBuild, printFailure, printJson, progressDisplay, silentProgress } from './report.ts';

/*
 * Arguments in, a command called, its report printed, an exit status out: 0 clean, 1 findings, 2 could not run.
 */

const CLEAN = 0;
const FINDINGS = 1;
const COULD_NOT_RUN = 2;

const program = new Command('epr-static')
  .description('Builds the Elastic Package Registry as a static site.')
  .version(generator, '-V, --version')
  .showHelpAfterError('(add --help for the options)')
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  epr-static build --dist staging
  epr-static serve --dist staging
  epr-static build --help`,
  );

program
  .command('build')
  .description('merge the layers of a storage and write the site of a distribution')
  .option('-d, --dist <name>', 'the distribution to build (without a known one, lists those there are)')
  .option('-c, --config <file>', 'the distributions file (default: content/distributions.yml)')
  .option('-s, --storage <path|url>', "a folder, git repository, bundle or URL, in place of the config's")
  .option('-o, --out <folder>', 'where sites go: the site is <folder>/<name>', 'dist')
  .option('--ref <layer=ref>', 'pin a layer to a branch, tag or commit (repeatable)', collectRef, {})
  .addOption(
    new Option('-t, --target <host>', 'also make what a host needs, beside the site').choices([
      'nginx',
      'netlify',
      'cloudflare',
    ]),
  )
  .option('--skip-unfit', 'leave unfit packages out instead of failing', false)
  .option('--offline', "don't fetch a storage that is a URL again", false)
  .option('--no-cache', 'make everything again, and keep nothing for later builds')
  .addOption(
    new Option(
      '--lock',
      'write commits and versions into distributions.lock.json, beside the distributions file',
    ).conflicts('ref'),
  )
  .addOption(new Option('--locked', 'build exactly what distributions.lock.json has').conflicts(['lock', 'ref']))
  .option('--json', 'print the report as JSON', false)
  .addOption(new Option('--cache <folder>', 'where clones are kept').default('.cache').env('EPR_STATIC_CACHE'))
  .addHelpText(
    'after',
    `
Examples:
  epr-static build --dist staging
  epr-static build --dist snapshot --storage ../package-storage.git
  epr-static build --dist production --ref production=v8.5.0 --out sites
  epr-static build --dist production --target nginx`,
  )
  .action(async ({ json, ref, cache, ...options }) => {
    const { build } = await import('./commands/build/run.ts');
    const caching = { cache: cache === false ? '.cache' : cache, noCache: cache === false };
    const report = await build({ ...options, ...caching, refs: ref }, json ? silentProgress : progressDisplay());
    if (json) printJson(report);
    else printBuild(report);
    process.exitCode = report.site ? CLEAN : FINDINGS;
  });

program
  .command('serve')
  .description('answer like the registry, from a site that was built')
  .option('-d, --dist <name>', 'serve dist/<name>')
  .option('--dir <folder>', 'serve the site in this folder')
  .option('-o, --out <folder>', 'where --dist finds sites', 'dist')
  .option('-p, --port <number>', 'port', parsePort, 8080)
  .option('--host <name>', 'address to listen on', 'localhost')
  .addHelpText(
    'after',
    `
Examples:
  epr-static serve --dist staging
  epr-static serve --dir /srv/sites/production --port 80 --host 0.0.0.0`,
  )
  .action(async (options) => {
    const { serve } = await import('./commands/serve/run.ts');
    await serve(options);
  });

for (const declare of [
  declareBundle,
  declareCache,
  declareInit,
  declareAdd,
  declareCheck,
  declareDiff,
  declarePromote,
  declareRemove,
  declareList,
  declareExplain,
  declareTag,
])
  declare(program, (isClean) => {
    process.exitCode = isClean ? CLEAN : FINDINGS;
  });
for (const command of program.commands) command.exitOverride().showHelpAfterError('(add --help for the options)');
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => process.exit(128 + (signal === 'SIGINT' ? 2 : 15)));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) printFailure(error);
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? CLEAN : COULD_NOT_RUN;
}

function collectRef(value: string, known: Record<string, string>): Record<string, string> {
  const [, layer, ref] = /^([^=]+)=(.+)$/.exec(value) ?? [];
  if (layer === undefined || ref === undefined)
    throw new InvalidArgumentError('Write it as LAYER=REF, such as production=v8.5.0.');
  return { ...known, [layer]: ref };
}

function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65535) throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}
