import { readFileSync } from 'node:fs';

const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  name: string;
  version: string;
};

/** This program and its version, as a site's `release.json` names them. */
export const generator = `${name} ${version}`;
