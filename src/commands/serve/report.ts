import type { Serving } from './run.ts';
import { printLines } from '../../report.ts';

/** Prints a line of the access log. */
export function printAccess(line: string): void {
  printLines(() => [line]);
}

/** Where the server listens, and how Kibana gets to it. */
export function printServing({ source, url }: Serving): void {
  printLines(() => [
    `Serving ${source} at ${url}`,
    '',
    'For Kibana, in kibana.yml:',
    `  xpack.fleet.registryUrl: ${url}`,
    ...(url.startsWith('https:')
      ? ["  and in Kibana's environment, unless it knows the CA: NODE_EXTRA_CA_CERTS=/path/to/ca.pem"]
      : []),
    '',
    'Stop with Ctrl-C.',
  ]);
}
