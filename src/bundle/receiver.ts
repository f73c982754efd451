import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Stop } from '../errors.ts';
import { RECEIVER } from './description.ts';

/** The program that unpacks bundles, which `npm run compile` makes. Throws a `Stop` if it is missing. */
export function readReceiver(): Buffer {
  const file = fileURLToPath(new URL(`../../lib/bundle/${RECEIVER}`, import.meta.url));
  if (!existsSync(file)) throw new Stop('no-bundle', `${file} is missing`, 'npm run compile makes it');
  return readFileSync(file);
}

/** What a bundle says to somebody who finds it. */
export function readmeText(file: string, site: string): string {
  return [
    `This is a registry for Kibana's Fleet, as a site of files. To unpack it, you need Node 20 or newer:`,
    `  tar xf ${file} ${RECEIVER}`,
    `  node ${RECEIVER} ${file} --to ${site}`,
    '',
  ].join('\n');
}
