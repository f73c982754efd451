import { INDEX } from '../../tree/layout.ts';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readConfig, readStorageConfig } from '../../config.ts';
import type { ConfigFile, Distribution, LayerSpec, Tables } from '../../config.ts';
import { Stop } from '../../errors.ts';
import { listKnown } from '../../near-match.ts';
import type { Limits } from '../../limits.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Opening } from '../../workflow/open-layers.ts';
import { refuseRegistry } from '../../workflow/open.ts';
import { catalogOf, readLayers, warningsOf, withLayers } from '../../inspect/open-catalog.ts';
import type { StorageOptions, Watching } from '../../inspect/open-catalog.ts';
import type { Progress } from '../../report.ts';
import { openingProgress } from '../opening-progress.ts';
import { findStorageConfig } from '../../workflow/find-config.ts';
import { compareSides } from '../../inspect/diff.ts';
import type { DiffReport, Side } from '../../inspect/diff.ts';
import { siteSide, storageSide } from '../../inspect/diff-sides.ts';

export interface DiffOptions extends StorageOptions {
  /** Both are the folder of a site, the name of a distribution, or, with `layer`, a commit of that layer. */
  readonly sides: readonly [before: string, after: string];
  readonly layer?: string | undefined;
  /** With `layer`: compares this distribution, with the layer at each of the commits. */
  readonly dist?: string | undefined;
}

/** Compares two sites, two distributions, or two commits of a layer. */
export async function diff(options: DiffOptions, progress: Progress): Promise<DiffReport> {
  const [before, after] = options.sides;
  if (options.layer === undefined && isSite(before) && isSite(after))
    return await compareSides(await siteSide(before), await siteSide(after));
  const { config, isFetched, findings } = await findStorageConfig(options);
  const read = async (given: string): Promise<Source> => await readSource({ ...options, config }, given);
  const sources = [await read(before), await read(after)] as const;
  const watching = openingProgress(progress);
  const compared = withLayers(bothOf(sources), { ...options, ...watching, isFetched }, async (storage) => {
    const open = async (source: Source): Promise<Side> => await openSide(storage, source, { ...options, ...watching });
    const [left, right] = [await open(sources[0]), await open(sources[1])];
    const report = await compareSides(left, right);
    return { ...report, findings: [...findings, ...report.findings] };
  });
  return await compared.finally(progress.end);
}

/** Everything that the two sides lie in. */
function bothOf([before, after]: readonly [Source, Source]): Opening {
  const layers = new Map([...before.layers, ...after.layers].map((layer) => [layer.name, layer]));
  return { ...before, layers: [...layers.values()] };
}

/** Layers, in rank order, and the user's name for them. */
interface Source {
  readonly title: string;
  readonly storage: string | undefined;
  readonly layers: readonly LayerSpec[];
  readonly limits: Limits;
  readonly tables: Tables;
  readonly signatures: 'optional' | 'required';
  readonly release?: Distribution['release'];
  readonly subsets: Distribution['subsets'];
}

async function readSource(
  options: Omit<DiffOptions, 'config'> & { readonly config: ConfigFile },
  given: string,
): Promise<Source> {
  const { layer, storage } = options;
  const config = options.config;
  if (layer !== undefined && options.dist === undefined) {
    const known = await readStorageConfig({ config, storage });
    const names = known.layers.map(({ name }) => name);
    const spec = known.layers.find(({ name }) => name === layer);
    const hint = `the layers are: ${listKnown(layer, names)}`;
    refuseRegistry(known, layer);
    if (!spec) throw new Stop('unknown-layer', `${known.file} has no layer "${layer}"`, hint);
    const { tables, limits } = known;
    return {
      title: layer,
      storage: known.storage,
      layers: [{ ...spec, ref: given }],
      limits,
      tables,
      signatures: 'optional',
      subsets: [],
    };
  }
  const pinned = layer === undefined ? { dist: given } : { dist: options.dist, refs: { [layer]: given } };
  const { name, ...rest } = await readConfig({ config, storage, ...pinned }).catch((error: unknown) => {
    if (!(error instanceof Stop) || error.code !== 'unknown-distribution') throw error;
    if (isSite(given)) throw new Stop('diff-kinds', `${given} is a site, and the other side is not`, KINDS, error);
    throw new Stop('diff-kinds', `"${given}" is neither a site nor a distribution`, `${error.hint}; ${KINDS}`, error);
  });
  return { title: name, ...rest };
}

const KINDS = 'compare two folders of sites, two distributions, or two commits of a layer with --layer';

async function openSide(
  storage: Storage,
  source: Source,
  { cache, onRead }: DiffOptions & Pick<Watching, 'onRead'>,
): Promise<Side> {
  const layers = await readLayers(storage, { ...source, name: source.title });
  const at = layers.map(({ name, ref, commit }) => {
    return commit === undefined ? ref : `${name} at ${commit.slice(0, 12)}`;
  });
  const isLayer = layers.length === 1 && layers[0]?.name === source.title && layers[0].commit !== undefined;
  const title = isLayer ? at.join('') : `${source.title} (${at.join(', ')})`;
  const { tables, signatures } = source;
  const { catalog, subset } = await catalogOf(layers, { storage, distribution: source, cache, onRead });
  const findings = [...layers.flatMap(warningsOf), ...(subset?.selection.findings ?? [])];
  return storageSide({ title, catalog, findings }, { storage, tables, signatures, cache });
}

function isSite(folder: string): boolean {
  return existsSync(join(resolve(folder), INDEX));
}
