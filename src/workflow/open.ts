import { isUrl, readStorageConfig } from '../config.ts';
import type { LayerPolicy, StorageConfig } from '../config.ts';
import { Stop } from '../errors.ts';
import { commandLine } from '../command-line.ts';
import { enumerated, listKnown, nearHint } from '../near-match.ts';
import type { Finding } from '../errors.ts';
import { withoutCredentials } from '../storage/git/command.ts';
import type { Layer, Revision, Storage } from '../storage/storage.ts';
import { openStorage } from '../storage/open.ts';
import { remoteName } from '../storage/git/refs.ts';
import { fullName } from '../storage/git/repository.ts';
import type { Repository } from '../storage/git/repository.ts';
import { findStorageConfig } from './find-config.ts';
import type { FindOptions } from './find-config.ts';
import type { ReadingRules } from './read-entries.ts';

/** A storage at one moment, and its repository: verbs that change a storage work on these. */
export interface Workflow {
  readonly config: StorageConfig;
  readonly storage: Storage;
  readonly repository: Repository;
  /** The layers of the configuration that have a branch. */
  readonly layers: readonly OpenLayer[];
  /** Warnings about the storage as a whole. */
  readonly findings: readonly Finding[];
  /** The folder of everything that can be made again. */
  readonly cache: string;
  close(): Promise<void>;
}

/** A layer at one commit. */
export interface OpenLayer {
  readonly policy: LayerPolicy;
  /** The full name of its branch. */
  readonly branch: string;
  /** The full name of what was read: the branch, or that of `origin` where the repository has no branch of its own. */
  readonly from: string;
  readonly commit: string;
  readonly layer: Layer;
}

export type WorkflowOptions = Omit<FindOptions, 'offline'>;

/** Opens a storage to change it. Throws a `Stop` if it is not a git repository on this machine. */
export async function openWorkflow(options: WorkflowOptions): Promise<Workflow> {
  const found = await findStorageConfig({ ...options, offline: true }, (location) => {
    const shown = withoutCredentials(location ?? '');
    if (location !== undefined && isUrl(location))
      throw new Stop('not-writable', `${shown} is not on this machine`, CLONE);
  });
  const config = await readStorageConfig({ ...options, config: found.config });
  const location = storageOf(config);
  const shown = withoutCredentials(location);
  const storage = await openStorage(location, {
    isUrl: false,
    limits: config.limits,
    cache: options.cache,
    offline: true,
  });
  try {
    if (storage.kind !== 'git')
      throw new Stop('not-writable', `${shown} is a folder, and not a git repository`, REPOSITORY);
    if (storage.isClone) throw new Stop('not-writable', `${shown} can't be changed: it is a bundle or a URL`, CLONE);
    const { repository } = storage;
    const layers = await Promise.all(config.layers.map((policy) => openLayer({ storage, repository }, policy)));
    return {
      config,
      storage,
      repository,
      layers: layers.filter((layer) => layer !== undefined),
      findings: found.findings,
      cache: options.cache,
      close: () => storage.close(),
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

const CLONE = 'clone it with git, and name the clone with --storage';
const REPOSITORY = `put the packages there yourself, or start a repository: ${commandLine(['init', 'FOLDER'])}`;

/** The layer with a name. Throws a `Stop` if the configuration doesn't have it, or if it has no branch. */
export function layerNamed({ config, layers }: Pick<Workflow, 'config' | 'layers'>, name: string): OpenLayer {
  refuseRegistry(config, name);
  const known = config.layers.map((layer) => layer.name);
  if (!known.includes(name))
    throw new Stop(
      'unknown-layer',
      `${config.file} has no layer "${name}"`,
      `the layers are: ${listKnown(name, known)}`,
    );
  const found = layers.find(({ policy }) => policy.name === name);
  if (found) return found;
  const branch = config.layers.find((layer) => layer.name === name)?.ref ?? name;
  throw new Stop(
    'no-layer',
    `${storageOf(config)} has no branch "${branch}" (layer ${name}), and neither has its origin`,
    'a layer is changed by its branch',
  );
}

/** Throws a `Stop` if the layer is a registry. */
export function refuseRegistry({ file, registries }: Pick<StorageConfig, 'file' | 'registries'>, name: string): void {
  const found = registries.find((layer) => layer.name === name);
  if (!found) return;
  const shown = withoutCredentials(found.registry);
  throw new Stop('registry-layer', `${file}: the layer ${name} is the registry ${shown}, which can't be changed`, OWN);
}

const OWN = 'name a layer of a storage; one above the registry can hold packages that take the place of its own';

/** The storage of a configuration. Throws a `Stop` if it names none, since every layer is a registry. */
export function storageOf({ file, storage }: Pick<StorageConfig, 'file' | 'storage'>): string {
  if (storage !== undefined) return storage;
  throw new Stop('no-storage', `${file} names no storage: all of its layers are registries`, 'name one with --storage');
}

/** A revision of a layer. If there is none, throws a `Stop` that names the closest one. */
export function revisionNamed({ layer }: OpenLayer, name: string, version: string): Revision {
  const found = layer.revisions.find((revision) => revision.name === name && revision.version === version);
  if (found) return found;
  const versions = layer.revisions.filter((revision) => revision.name === name).map((revision) => revision.version);
  const names = [...new Set(layer.revisions.map((revision) => revision.name))];
  const hint = versions.length > 0 ? `it has: ${enumerated(versions.toReversed())}` : nearHint(name, names);
  throw new Stop('no-revision', `${layer.name} has no ${name}-${version}`, hint ?? 'it has no packages at all');
}

/** The names of the layers that win over a layer in some distribution. */
export function layersAbove({ distributions }: StorageConfig, name: string): ReadonlySet<string> {
  const above = Object.values(distributions).flatMap((names) => names.slice(0, Math.max(0, names.indexOf(name))));
  return new Set(above);
}

/** The layers with which `touchedBy` compares the revisions of a layer. */
export function othersOf(
  { config, layers }: Pick<Workflow, 'config' | 'layers'>,
  { policy }: OpenLayer,
): { above: ReadonlySet<string>; others: Layer[] } {
  const others = layers.filter((other) => other.policy.name !== policy.name).map(({ layer }) => layer);
  return { above: layersAbove(config, policy.name), others };
}

/** The warnings about a layer as a whole: that its branch is behind, or that it holds stray files. */
export function warningsOf({ layer }: OpenLayer): Finding[] {
  return layer.findings.filter(({ level }) => level === 'warning');
}

/** The rules by which a build judges the packages of a layer. */
export function rulesOf({ storage, config, cache }: Workflow, { policy }: OpenLayer): ReadingRules {
  return { storage, cache, tables: config.tables, signatures: policy.signatures, keys: policy.keys };
}

/** Reads the layer of a branch, or of `origin`'s branch where there is no other. Undefined if there is neither. */
async function openLayer(
  { storage, repository }: Pick<Workflow, 'storage' | 'repository'>,
  policy: LayerPolicy,
): Promise<OpenLayer | undefined> {
  const branch = fullName(policy.ref);
  if (!branch.startsWith('refs/heads/')) return undefined;
  for (const from of [branch, remoteName(branch)]) {
    if ((await repository.commitOf(from)) === undefined) continue;
    const layer = await storage.readLayer({ name: policy.name, ref: from, packages: policy.packages });
    return { policy, branch, from, commit: layer.commit ?? '', layer };
  }
  return undefined;
}
