import { Option } from '@commander-js/extra-typings';
import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { endpointOption, outOption, parsePort } from '../options.ts';
import { parseAddress } from './address.ts';
import { watchedBuild, withWatchOptions } from './watch-options.ts';

const storeOption = new Option(
  '--store <url>',
  'serve the current release of a store: s3://bucket/prefix, or a folder',
).conflicts(['dist', 'dir']);

const addressOption = new Option('--address <host:port>', 'host and port in one, as registries take them')
  .env('EPR_ADDRESS')
  .argParser(parseAddress);

const certOption = new Option(
  '--tls-cert <file>',
  'serve HTTPS with the certificate and its chain in this PEM file',
).env('EPR_TLS_CERT');

const keyOption = new Option('--tls-key <file>', 'the private key of the certificate, as PEM').env('EPR_TLS_KEY');

export const declare: Declare = (program, finish) => {
  const command = program
    .command('serve')
    .description('serve a built site or a store, with the answers of a registry')
    .option('-d, --dist <name>', 'serve dist/<name>')
    .option('--dir <folder>', 'serve the site in this folder')
    .addOption(outOption)
    .addOption(storeOption)
    .addOption(endpointOption)
    .option('-p, --port <number>', 'the port; 0 takes a free one (default: 8080)', parsePort)
    .option('--host <name>', 'the address to listen on (default: localhost)')
    .addOption(addressOption)
    .addOption(certOption)
    .addOption(keyOption)
    .option('--log', 'print a line for each request, in the combined format and with the milliseconds');
  withWatchOptions(command)
    .addHelpText(
      'after',
      helpEnd({
        notes:
          'Failures go to standard error. SIGINT and SIGTERM end it once running downloads are done, after 10 seconds at the latest.',
        examples: [
          'serve --dist staging',
          'serve --dir /srv/sites/production --address 0.0.0.0:80 --log',
          'serve --dist staging --host registry.example.org --tls-cert tls.crt --tls-key tls.key',
          'serve --store s3://packages/production --address 0.0.0.0:8080',
          'serve --watch --dist snapshot --storage ../package-storage',
          'serve --packages build/packages',
        ],
      }),
    )
    .action(async (options, self) => {
      const built = await watchedBuild(options, (message) => self.error(message));
      const { serve } = await import('./run.ts');
      const { say, silentProgress } = await import('../../report.ts');
      const { printAccess, printRebuilt, printServing } = await import('./report.ts');
      const watch = built && { build: built, onRebuilt: printRebuilt, log: say, progress: silentProgress };
      const site = built ? { ...options, dist: built.dist, out: built.out } : options;
      const serving = await serve({ ...site, watch, access: options.log ? printAccess : undefined }, say);
      printServing(serving);
      finish(true, () => void serving.stop());
    });
};
