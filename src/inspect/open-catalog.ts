import { mergeLayers } from '../catalog/merge.ts';
import type { Catalog } from '../catalog/merge.ts';
import { readConfig, unknownDistribution } from '../config.ts';
import type { ConfigOptions, Distribution, LayerSpec } from '../config.ts';
import type { Finding } from '../errors.ts';
import { repositoryOf } from '../storage/storage.ts';
import type { Layer, Revision, Storage } from '../storage/storage.ts';
import { withoutCredentials } from '../storage/git/command.ts';
import type { Selecting, Selection } from '../subset/select.ts';
import { hasTag } from '../storage/git/history.ts';
import { openLayers } from '../workflow/open-layers.ts';
import type { Opening, OpenLayersOptions } from '../workflow/open-layers.ts';
import { findStorageConfig } from '../workflow/find-config.ts';
import type { FindOptions } from '../workflow/find-config.ts';

/** The options by which commands find a storage. */
export type StorageOptions = FindOptions & Pick<ConfigOptions, 'refs'>;

/** Who is told of what takes long: of what is fetched, and of the manifests that were read to choose a subset. */
export type Watching = Pick<OpenLayersOptions, 'onBytes' | 'onFetch' | 'onWait'> & Pick<Selecting, 'onRead'>;

/** A distribution as its storage holds it now. Nothing inside the packages has been read. */
export interface OpenCatalog {
  readonly distribution: Distribution;
  readonly storage: Storage;
  /** In rank order. */
  readonly layers: readonly Layer[];
  /** Of a subset, what stays. */
  readonly catalog: Catalog;
  /** Where the distribution is a part of another one. */
  readonly subset: OpenSubset | undefined;
  /** Warnings about the storage and its layers. */
  readonly findings: readonly Finding[];
}

/** What a subset is chosen from, in the order of answers, and the choice. */
export interface OpenSubset {
  readonly whole: readonly Revision[];
  readonly selection: Selection;
}

/** Opens a distribution while `use` runs. Throws what `readConfig`, `openStorage` and `readLayer` throw. */
export async function withCatalog<T>(
  options: StorageOptions & Pick<ConfigOptions, 'dist'>,
  watching: Watching,
  use: (open: OpenCatalog) => Promise<T>,
): Promise<T> {
  const { config, isFetched, findings } = await findStorageConfig(options);
  const distribution = await readConfig({ ...options, config });
  return await withLayers(distribution, { ...options, ...watching, isFetched }, async (storage) => {
    const layers = await readLayers(storage, distribution);
    const warnings = [...findings, ...layers.flatMap(warningsOf)];
    const selecting = { storage, distribution, cache: options.cache, ...watching };
    const { catalog, subset } = await catalogOf(layers, selecting);
    const all = [...warnings, ...(subset?.selection.findings ?? [])];
    return await use({ distribution, storage, layers, catalog, subset, findings: all });
  });
}

/** Merges layers, and chooses what stays of them where the distribution is a part of another one. */
export async function catalogOf(
  layers: readonly Layer[],
  selecting: Selecting,
): Promise<Pick<OpenCatalog, 'catalog' | 'subset'>> {
  const catalog = mergeLayers(layers);
  const selection = await selectionOf(catalog.revisions, selecting);
  if (!selection) return { catalog, subset: undefined };
  const { revisions } = selection;
  const ids = new Set(revisions.map(({ id }) => id));
  const shadowed = catalog.shadowed.filter(({ winner }) => ids.has(winner.id));
  return { catalog: { revisions, shadowed }, subset: { whole: catalog.revisions, selection } };
}

/** What stays of a subset, whose code is loaded for one alone. Undefined where the distribution is a whole one. */
export async function selectionOf(
  revisions: readonly Revision[],
  selecting: Selecting,
): Promise<Selection | undefined> {
  if (selecting.distribution.subsets.length === 0) return undefined;
  return await (await import('../subset/select.ts')).selectRevisions(revisions, selecting);
}

/**
 * The layers of a distribution, in rank order. Throws what `readLayer` throws, and a `Stop` where the distribution is a release
 * of the stack that the storage has no tag of.
 */
export async function readLayers(
  storage: Storage,
  { name, layers, release }: Pick<Distribution, 'name' | 'layers' | 'release'>,
): Promise<Layer[]> {
  const repository = repositoryOf(storage);
  const isThere = !release || (repository !== undefined && (await hasTag(repository, name)));
  if (!isThere) throw unknownDistribution(name, release);
  return await Promise.all(layers.map((spec) => readLayer(storage, spec, release !== undefined)));
}

/** A layer; with `isTag`, that of a tag. Throws what a storage's `readLayer` throws. */
async function readLayer(storage: Storage, spec: LayerSpec, isTag: boolean): Promise<Layer> {
  if (spec.kind === 'storage' && !isTag) return await storage.readLayer(spec);
  if (spec.kind === 'storage')
    return { ...(await storage.readLayer({ ...spec, ref: `refs/tags/${spec.ref}` })), ref: spec.ref };
  const held = storage.kind === 'mixed' ? storage.registries.get(spec.name) : undefined;
  if (held) return held;
  throw new Error(`the layer ${spec.name} was not opened`);
}

/** The warnings about layers, without those about what is in them. */
export function warningsOf({ findings }: Pick<Layer, 'findings'>): Finding[] {
  return findings.filter(({ level }) => level === 'warning');
}

/** The storage of a distribution, to be shown; undefined if every layer is a registry. */
export function shownStorage({ storage }: Pick<Distribution, 'storage'>): string | undefined {
  return storage === undefined ? undefined : withoutCredentials(storage);
}

/** Opens everything that holds some layers, while `use` runs. */
export async function withLayers<T>(
  opening: Opening,
  { isFetched, ...options }: Pick<StorageOptions, 'cache' | 'offline'> & Watching & { readonly isFetched: boolean },
  use: (storage: Storage) => Promise<T>,
): Promise<T> {
  const session = { isFetched, mirrored: new Map() };
  const { storage } = await openLayers(opening, { ...options, session });
  try {
    return await use(storage);
  } finally {
    await storage.close();
  }
}
