import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { openConfig, readConfig } from '../../config.ts';
import type { OwnConfig } from '../../config.ts';
import { shippedConfig } from '../../default-config.ts';

/** A distribution of the packages in one folder, such as elastic-package's `build/packages`. */
export interface Preview {
  readonly config: OwnConfig;
  readonly dist: string;
  /** Not in the folder of a package that somebody writes: elastic-package refuses files that it doesn't know. */
  readonly out: string;
  readonly cache: string;
}

/** What serves the packages of a folder, and nothing else. `environment` says where programs keep what can be made again. */
export async function previewOf(
  packages: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Preview> {
  const folder = resolve(packages);
  const { registry } = await readConfig({ config: await openConfig(shippedConfig), dist: 'production' });
  const layer = { ref: basename(folder), packages: '.' };
  const text = JSON.stringify({
    registry,
    storage: '.',
    layers: { packages: layer },
    distributions: { preview: { layers: ['packages'] } },
  });
  const base = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const place = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return {
    config: {
      location: dirname(folder),
      shown: (name) => `${name} of ${folder}`,
      read: async (name) => (name === 'distributions.yml' ? text : undefined),
    },
    dist: 'preview',
    out: join(base, 'epr-static', place),
    cache: join(base, 'epr-static', 'cache'),
  };
}
