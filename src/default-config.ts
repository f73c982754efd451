import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The distributions file that this program ships, over its sample storage. */
export const shippedConfig = fileURLToPath(new URL('../content/distributions.yml', import.meta.url));

/** The distributions file of the current folder (`content/distributions.yml`), or where there is none, the shipped one. */
export function defaultConfig(): string {
  const own = resolve('content/distributions.yml');
  return existsSync(own) ? own : shippedConfig;
}
