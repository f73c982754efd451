import { helpEnd } from '../declare.ts';
import type { Declare } from '../declare.ts';
import { outOption, parsePort } from '../options.ts';

export const declare: Declare = (program, finish) => {
  program
    .command('serve')
    .description('serve a built site, with the answers of a registry')
    .option('-d, --dist <name>', 'serve dist/<name>')
    .option('--dir <folder>', 'serve the site in this folder')
    .addOption(outOption)
    .option('-p, --port <number>', 'the port; 0 takes a free one', parsePort, 8080)
    .option('--host <name>', 'the address to listen on', 'localhost')
    .option('--log', 'print a line for each request, in the combined format and with the milliseconds')
    .addHelpText(
      'after',
      helpEnd({
        notes:
          'Failures go to standard error. SIGINT and SIGTERM end it once running downloads are done, after 10 seconds at the latest.',
        examples: ['serve --dist staging', 'serve --dir /srv/sites/production --port 80 --host 0.0.0.0 --log'],
      }),
    )
    .action(async (options) => {
      const { serve } = await import('./run.ts');
      const { say } = await import('../../report.ts');
      const { printAccess, printServing } = await import('./report.ts');
      const serving = await serve({ ...options, access: options.log ? printAccess : undefined }, say);
      printServing(serving);
      finish(true, () => void serving.stop());
    });
};
