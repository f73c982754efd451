import * as config from '../../src/config.ts';
import type { ConfigOptions, ConfigPlace, Distribution, StorageConfig } from '../../src/config.ts';

/* What is in a distributions file, by its place. */

type Placed<T> = Omit<T, 'config'> & { readonly config: ConfigPlace };

export async function readConfig(options: Placed<ConfigOptions>): Promise<Distribution> {
  return await config.readConfig({ ...options, config: await config.openConfig(options.config) });
}

export async function readStorageConfig(options: Placed<Pick<ConfigOptions, 'storage'>>): Promise<StorageConfig> {
  return await config.readStorageConfig({ ...options, config: await config.openConfig(options.config) });
}
