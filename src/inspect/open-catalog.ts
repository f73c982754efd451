import { mergeLayers } from '../catalog/merge.ts';
import type { Catalog } from '../catalog/merge.ts';
import { isUrl, readConfig, unknownDistribution } from '../config.ts';
import type { ConfigOptions, Distribution } from '../config.ts';
import type { Finding } from '../errors.ts';
import type { Layer, Storage } from '../storage/storage.ts';
import { hasTag } from '../storage/git/history.ts';
import { openStorage } from '../storage/open.ts';
import { findStorageConfig } from '../workflow/find-config.ts';
import type { FindOptions } from '../workflow/find-config.ts';

/** The options by which commands find a storage. */
export type StorageOptions = FindOptions & Pick<ConfigOptions, 'refs'>;

/** A distribution as its storage holds it now. Nothing inside the packages has been read. */
export interface OpenCatalog {
  readonly distribution: Distribution;
  readonly storage: Storage;
  /** In rank order. */
  readonly layers: readonly Layer[];
  readonly catalog: Catalog;
  /** Warnings about the storage and its layers. */
  readonly findings: readonly Finding[];
}

/** Opens a distribution while `use` runs. Throws what `readConfig`, `openStorage` and `readLayer` throw. */
export async function withCatalog<T>(
  options: StorageOptions & Pick<ConfigOptions, 'dist'>,
  use: (open: OpenCatalog) => Promise<T>,
): Promise<T> {
  const { config, isFetched, findings } = await findStorageConfig(options);
  const distribution = await readConfig({ ...options, config });
  const offline = options.offline || isFetched;
  const { limits } = distribution;
  return await withStorage(distribution.storage, { ...options, limits, offline }, async (storage) => {
    const layers = await readLayers(storage, distribution);
    const warnings = [...findings, ...layers.flatMap(warningsOf)];
    return await use({ distribution, storage, layers, catalog: mergeLayers(layers), findings: warnings });
  });
}

/**
 * The layers of a distribution, in rank order. Throws what `readLayer` throws, and a `Stop` where the distribution is a release
 * of the stack that the storage has no tag of.
 */
export async function readLayers(
  storage: Storage,
  { name, layers, release }: Pick<Distribution, 'name' | 'layers' | 'release'>,
): Promise<Layer[]> {
  const isThere = !release || (storage.kind === 'git' && (await hasTag(storage.repository, name)));
  if (!isThere) throw unknownDistribution(name, release);
  if (!release) return await Promise.all(layers.map((spec) => storage.readLayer(spec)));
  return await Promise.all(
    layers.map(async (spec) => {
      const layer = await storage.readLayer({ ...spec, ref: `refs/tags/${spec.ref}` });
      return { ...layer, ref: spec.ref };
    }),
  );
}

/** The warnings about layers, without those about what is in them. */
export function warningsOf({ findings }: Pick<Layer, 'findings'>): Finding[] {
  return findings.filter(({ level }) => level === 'warning');
}

/** Opens a storage, given as a path or a URL, while `use` runs. */
export async function withStorage<T>(
  location: string,
  { cache, offline, limits }: Pick<StorageOptions, 'cache' | 'offline'> & Pick<Distribution, 'limits'>,
  use: (storage: Storage) => Promise<T>,
): Promise<T> {
  const storage = await openStorage(location, { isUrl: isUrl(location), limits, cache, offline });
  try {
    return await use(storage);
  } finally {
    await storage.close();
  }
}
