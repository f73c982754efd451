import { isAbsolute, normalize } from 'node:path';
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { USUAL_SERVING } from '../../hosts/target.ts';
import type { Serving } from '../../hosts/target.ts';
import { parsePort } from '../options.ts';

/* The options of `build` that say how nginx serves a site. */

export const prefixOption = new Option(
  '--prefix <path>',
  'for nginx: the path below which the registry lies, such as /epr (default: the root)',
).argParser((value) => {
  if (!/^(\/[A-Za-z0-9._~-]+)+\/?$/.test(value) || /\/\.{1,2}(\/|$)/.test(value))
    throw new InvalidArgumentError('A path is /epr or /a/b, of letters, digits, ".", "_", "~" and "-".');
  return value.replace(/\/$/, '');
});

export const portOption = new Option('--port <number>', 'for nginx: the port to listen on (default: 8080)').argParser(
  (value) => {
    const port = parsePort(value);
    if (port === 0) throw new InvalidArgumentError('nginx needs a port from 1 to 65535.');
    return port;
  },
);

export const rootOption = new Option(
  '--root <folder>',
  'for nginx: the absolute path of the folder that will hold the site and the folder for nginx (default: the one that does)',
).argParser((value) => {
  if (!isAbsolute(value)) throw new InvalidArgumentError('It must be an absolute path.');
  return normalize(value).replace(/(?<=.)\/$/, '');
});

/** What the options say; undefined where none was given. */
export function servingOf(given: { readonly [Name in keyof Serving]: Serving[Name] | undefined }): Serving | undefined {
  if (Object.values(given).every((value) => value === undefined)) return undefined;
  const { prefix = USUAL_SERVING.prefix, port = USUAL_SERVING.port, root } = given;
  return { prefix, port, root };
}
