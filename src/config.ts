import { dirname, resolve } from 'node:path';
import { shippedConfig } from './default-config.ts';
import { Stop } from './errors.ts';
import { listKnown } from './near-match.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Limits } from './limits.ts';
import { parseStrictVersion } from './core/version.ts';
import { check, readDistributions, shownConfig } from './config/file.ts';
import type { ConfigPlace } from './config/file.ts';
import { layerSpec, refuseForeign, resolveLayers } from './config/layers.ts';
import type { LayerSpec, RegistryLayer, StorageLayer } from './config/layers.ts';
import { writtenConfig } from './config/schema.ts';
import type { WithLayers, WrittenConfig } from './config/schema.ts';
import { chainOf, readSubsets } from './config/subsets.ts';
import type { Chain, Subset } from './config/subsets.ts';
import { readTables } from './config/tables.ts';
import type { Tables } from './config/tables.ts';

export { DISTRIBUTIONS, shownConfig } from './config/file.ts';
export type { ConfigPlace, OwnConfig } from './config/file.ts';
export { keysDigest, readKeyFiles } from './config/keys.ts';
export type { KeyFile } from './config/keys.ts';
export type { LayerSpec, RegistryLayer, StorageLayer } from './config/layers.ts';
export type { KibanaClient, Subset } from './config/subsets.ts';
export type { TakeLine } from './config/take-lines.ts';
export type { Category, Tables } from './config/tables.ts';

/** A distribution with every default filled in. No stage reads a default elsewhere. */
export interface Distribution {
  readonly name: string;
  /** The version that `GET /` reports. */
  readonly registry: string;
  /** A path (absolute) or a git URL; undefined if every layer is a registry. */
  readonly storage: string | undefined;
  /** In rank order: of a revision in two layers the first layer's counts. */
  readonly layers: readonly LayerSpec[];
  /** What stays of the revisions of these layers, step by step; none if all of them do. */
  readonly subsets: readonly Subset[];
  readonly cache: CacheTimes;
  readonly collisions: 'report' | 'refuse';
  readonly signatures: 'optional' | 'required';
  /** Whether the site also answers below `/artifacts/`, as the storage of a registry does. */
  readonly artifacts: boolean;
  /** Whether the site has pages for people. */
  readonly pages: boolean;
  readonly precompute: Precompute;
  readonly limits: Limits;
  readonly tables: Tables;
  /** Set where the file lists no such distribution: the name is that of a release of the stack, and the storage must have its tag. */
  readonly release?: { readonly file: string; readonly listed: readonly string[] } | undefined;
  /** The folders with the files that are copied into the site. If two folders hold a name, the last one wins. */
  readonly staticFolders: readonly string[];
}

/** `Cache-Control: max-age` by kind of answer, in seconds. */
export interface CacheTimes {
  readonly index: number;
  readonly search: number;
  readonly categories: number;
  readonly files: number;
}

/** What is precomputed. */
export interface Precompute {
  /** The most different answers, and the most bytes that they may take together. */
  readonly answers: number;
  readonly bytes: number;
  /** The spec ranges that Kibanas send, beside none. */
  readonly specs: readonly SpecBounds[];
}

/** What a client sends as `spec.min` and `spec.max`: `major.minor`. */
export interface SpecBounds {
  readonly min: string;
  readonly max: string;
}

/** A layer of a storage with the rules of changing it. */
export interface LayerPolicy extends StorageLayer {
  /** Whether a published revision may get other content: never, with a warning, or freely. */
  readonly overwrite: 'never' | 'warn' | 'allow';
  /** Whether a revision that no higher layer holds may be removed: never, for a given reason, or freely. */
  readonly remove: 'never' | 'exception' | 'allow';
  /** Whether packages must be signed: in one distribution that holds the layer they must. */
  readonly signatures: 'optional' | 'required';
}

/** A storage for the verbs that change it: all its layers, each with its rules. */
export interface StorageConfig {
  /** What messages call the file this is from. */
  readonly file: string;
  /** A path (absolute) or a git URL; undefined if every layer is a registry. */
  readonly storage: string | undefined;
  /** The layers of the storage, as the file lists them. */
  readonly layers: readonly LayerPolicy[];
  /** The layers that are registries, which nobody can change from here. */
  readonly registries: readonly RegistryLayer[];
  /** Name -> its layers, in rank order. */
  readonly distributions: Readonly<Record<string, readonly string[]>>;
  readonly limits: Limits;
  readonly tables: Tables;
}

/** A distributions file that was read. A run reads it once. */
export interface ConfigFile {
  readonly place: ConfigPlace;
  readonly written: WrittenConfig;
}

export interface ConfigOptions {
  readonly config: ConfigFile;
  readonly dist?: string | undefined;
  /** Overrides the file's storage: a path relative to the current folder, or a URL. */
  readonly storage?: string | undefined;
  /** Layer name -> ref, overriding the file's. */
  readonly refs?: Readonly<Record<string, string>> | undefined;
}

/**
 * Kibana sends 2.3 as the lowest spec version, and as the highest the one that its release knows: 3.0 to 3.6 until now. Those
 * beyond cost nothing as long as no package has such a version, since equal ranges have the same answers.
 */
const PRECOMPUTE: Precompute = {
  answers: 4000,
  bytes: 256 * 2 ** 20,
  specs: Array.from({ length: 10 }, (_, minor) => ({ min: '2.3', max: `3.${minor}` })),
};

/** Reads a distributions file; `text` is what is in it, where that is known. Throws a `Stop` that lists everything wrong with it. */
export async function openConfig(place: ConfigPlace, text?: string): Promise<ConfigFile> {
  const file = shownConfig(place);
  const written = check(writtenConfig, await readDistributions(place, text), file);
  if (typeof place !== 'string') refuseForeign(written, file);
  return { place, written };
}

/**
 * A distribution of a distributions file, with the tables beside that (`categories.yml`, `ingestion-methods.yml`) and the files of
 * keys. Throws a `Stop` that lists everything wrong with a file, or names the distributions there are. A release version that no
 * distribution is called by is a distribution with one layer: the tag of that name, which may be missing.
 */
export async function readConfig(options: ConfigOptions): Promise<Distribution> {
  const { place: config, written } = options.config;
  const { dist, chain, release } = choose(written, options.dist, config);
  const distribution = settingsOf(chain);
  const precompute = { ...PRECOMPUTE, ...distribution.precompute } as Precompute;
  return {
    name: dist,
    registry: distribution.registry ?? written.registry,
    storage: locationIn(options.config, options.storage),
    layers: await resolveLayers(written, distribution, { config, dist, refs: options.refs ?? {} }),
    subsets: await readSubsets(chain, config),
    cache: { index: 10, search: 600, categories: 600, files: 600, ...distribution.cache } as CacheTimes,
    collisions: distribution.collisions ?? 'report',
    signatures: distribution.signatures ?? 'optional',
    artifacts: distribution.artifacts ?? false,
    pages: distribution.pages ?? true,
    precompute: typeof config === 'string' ? precompute : withinDefaults(precompute),
    limits: limitsOf(written, config),
    tables: await readTables(config, shippedConfig),
    ...(release && { release }),
    staticFolders: [...new Set([shippedConfig, ...filesOf(config)].map((one) => resolve(dirname(one), 'static')))],
  };
}

/** The same for the verbs that change a storage: its layers with their rules. Throws as `readConfig` does. */
export async function readStorageConfig(options: Pick<ConfigOptions, 'config' | 'storage'>): Promise<StorageConfig> {
  const { place: config, written } = options.config;
  const distributions = Object.keys(written.distributions).map((dist) => {
    const { layers: entries } = chainOf(written, dist, config).base;
    return [dist, entries.map((entry) => (typeof entry === 'string' ? entry : entry.name))] as const;
  });
  const holding = (layer: string): string[] =>
    distributions.flatMap(([dist, held]) => (held.includes(layer) ? dist : []));
  const isSigned = (layer: string): boolean =>
    holding(layer).some((dist) => written.distributions[dist]?.signatures === 'required');
  const specs = await Promise.all(
    Object.entries(written.layers).map(([layer, given]) => layerSpec(layer, given ?? {}, config)),
  );
  const policyOf = (spec: StorageLayer): LayerPolicy => {
    const { overwrite = 'allow', remove = 'allow' } = written.layers[spec.name] ?? {};
    return { ...spec, overwrite, remove, signatures: isSigned(spec.name) ? 'required' : 'optional' };
  };
  return {
    file: shownConfig(config),
    storage: locationIn(options.config, options.storage),
    layers: specs.flatMap((spec) => (spec.kind === 'storage' ? policyOf(spec) : [])),
    registries: specs.filter((spec) => spec.kind === 'registry'),
    distributions: Object.fromEntries(distributions),
    limits: limitsOf(written, config),
    tables: await readTables(config, shippedConfig),
  };
}

/** The names of the distributions that a distributions file lists, in its order. */
export function listDistributions({ written }: ConfigFile): string[] {
  return Object.keys(written.distributions);
}

/** The path of a distributions file that is a file on disk. */
function filesOf(config: ConfigPlace): string[] {
  return typeof config === 'string' ? [resolve(config)] : [];
}

/** A storage that describes itself may ask for less work than usual, and not for more. */
function withinDefaults({ answers, bytes, specs }: Precompute): Precompute {
  return {
    answers: Math.min(answers, PRECOMPUTE.answers),
    bytes: Math.min(bytes, PRECOMPUTE.bytes),
    specs: specs.slice(0, PRECOMPUTE.specs.length),
  };
}

/** A storage that describes itself may ask for less than usual, and not for more. */
function limitsOf({ limits = {} }: WrittenConfig, config: ConfigPlace): Limits {
  const written = { ...DEFAULT_LIMITS, ...limits } as Limits;
  if (typeof config === 'string') return written;
  const keys = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];
  return Object.fromEntries(keys.map((key) => [key, Math.min(written[key], DEFAULT_LIMITS[key])])) as unknown as Limits;
}

/** Whether git must fetch a storage: `scheme://…` or `user@host:path`. */
export function isUrl(storage: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(storage) || /^[^/@\s]+@[^/:\s]+:/.test(storage);
}

/**
 * The storage that the command line (`given`, relative to the current folder) or a distributions file names: an absolute path, or a
 * URL; undefined if every layer of the file is a registry.
 */
export function locationIn({ place, written: { storage } }: ConfigFile, given?: string): string | undefined {
  if (given !== undefined) return locationOf(given);
  if (typeof place !== 'string') return place.location;
  if (storage === undefined) return undefined;
  return isUrl(storage) ? storage : resolve(dirname(resolve(place)), storage);
}

/** A storage that a user names, as an absolute path or a URL. */
export function locationOf(storage: string): string {
  return isUrl(storage) ? storage : resolve(storage);
}

/** Three numbers, as stack releases and their tags are called: no leading `v`, no pre-release. */
export function isReleaseVersion(text: string): boolean {
  const version = parseStrictVersion(text);
  return version !== undefined && version.pre === '' && version.build === '';
}

function choose(
  written: WrittenConfig,
  dist: string | undefined,
  config: ConfigPlace,
): { dist: string; chain: Chain; release?: NonNullable<Distribution['release']> } {
  const listed = Object.keys(written.distributions);
  if (dist !== undefined && listed.includes(dist)) return { dist, chain: chainOf(written, dist, config) };
  const release = { file: shownConfig(config), listed };
  if (dist === undefined || !isReleaseVersion(dist)) throw unknownDistribution(dist, release);
  return { dist, chain: { base: { layers: [{ name: dist, ref: dist }] }, parts: [] }, release };
}

/** The settings of a distribution: its own, and for the rest those of the one that it is made from. */
function settingsOf({ base, parts }: Chain): WithLayers {
  const all = [base, ...parts.map(({ written }) => written)];
  const registry = all.findLast((one) => one.registry !== undefined)?.registry;
  const artifacts = all.findLast((one) => one.artifacts !== undefined)?.artifacts;
  const pages = all.findLast((one) => one.pages !== undefined)?.pages;
  const cache = Object.assign({}, ...all.map((one) => one.cache)) as WithLayers['cache'];
  const precompute = Object.assign({}, ...all.map((one) => one.precompute)) as WithLayers['precompute'];
  return { ...base, registry, artifacts, pages, cache, precompute };
}

/** What to throw where no distribution has the name, or none was named. */
export function unknownDistribution(
  dist: string | undefined,
  { file, listed }: NonNullable<Distribution['release']>,
): Stop {
  const problem = dist === undefined ? 'no distribution was named' : `there is no distribution "${dist}" in ${file}`;
  const hint = `use --dist with one of: ${listKnown(dist, listed)}`;
  return new Stop('unknown-distribution', problem, hint);
}
