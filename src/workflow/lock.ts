import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Distribution, LayerSpec, RegistryLayer, StorageLayer } from '../config.ts';
import { Stop } from '../errors.ts';
import type { LockedRevision } from '../mirror/mirroring.ts';
import { withoutCredentials } from '../storage/git/command.ts';
import { compareText } from '../tree/text.ts';

/*
 * `distributions.lock.json`: the commits and versions, and the revisions of registries, of the last `build --lock` of each distribution, so that `build
 * --locked` makes the same site again. This file is pure; `lock-file.ts` reads and writes the lock.
 */

const storageLayer = z.strictObject({
  kind: z.undefined().optional(),
  name: z.string(),
  ref: z.string(),
  packages: z.string(),
  commit: z.string(),
});
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hex');
const revision = z.strictObject({
  name: z.string(),
  version: z.string(),
  size: z.int().min(0),
  digest,
  /** The digest of the signature. */
  signature: digest.optional(),
});
const registryLayer = z.strictObject({
  kind: z.literal('registry'),
  name: z.string(),
  /** The URL, without credentials. */
  registry: z.string(),
  /** The lines of `take`. */
  take: z.array(z.unknown()).optional(),
  /** By name and version. */
  revisions: z.array(revision),
});
const lockedLayer = z.union([storageLayer, registryLayer]);
const lockedDistribution = z.strictObject({
  registry: z.string(),
  generator: z.string(),
  /** In rank order. */
  layers: z.array(lockedLayer).min(1),
  /** The digest of what a subset chooses by. */
  choice: digest.optional(),
});
/** Version 1 has no registries, and no subsets. */
const lock = z.strictObject({ version: z.literal([1, 2]), distributions: z.record(z.string(), lockedDistribution) });

export type Lock = z.infer<typeof lock>;
export type LockedDistribution = z.infer<typeof lockedDistribution>;

type LockedLayer = LockedDistribution['layers'][number];
type LockedRegistry = Extract<LockedLayer, { readonly kind: 'registry' }>;

export const emptyLock: Lock = { version: 1, distributions: {} };

/** Parses the text of a lock file. Throws a `Stop` that names `file` if the text is not a lock. */
export function parseLock(text: string, file: string): Lock {
  const hint = 'make it again with build --lock';
  try {
    const parsed = lock.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    const place = parsed.error.issues[0]?.path.join('.') || 'the file';
    throw new Stop('bad-lock', `${file}: ${place}: is not what build --lock writes`, hint);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Stop('bad-lock', `${file} is not JSON: ${error.message}`, hint, error);
  }
}

/**
 * The text of a lock file. It is sorted, so that it changes only where something moved. Without registries and subsets it is one of
 * version 1, which older programs read.
 */
export function renderLock({ distributions }: Lock): string {
  const version = Object.values(distributions).some(isOfVersion2) ? 2 : 1;
  const sorted = Object.entries(distributions).sort(([a], [b]) => compareText(a, b));
  return `${JSON.stringify({ version, distributions: Object.fromEntries(sorted) }, null, 2)}\n`;
}

function isOfVersion2({ layers, choice }: LockedDistribution): boolean {
  return choice !== undefined || layers.some(({ kind }) => kind === 'registry');
}

/** What a build made a distribution from. */
export interface Made {
  readonly generator: string;
  /** The commits of layers of a storage, by layer. */
  readonly commits: Readonly<Record<string, string | undefined>>;
  /** What is held of registries, by layer. */
  readonly held: ReadonlyMap<string, readonly LockedRevision[]>;
}

/**
 * The lock with a distribution as it was built. Throws a `Stop` if a layer of a storage has no commit: a folder can't be built again as
 * it was.
 */
export function lockDistribution(
  before: Lock,
  distribution: Pick<Distribution, 'name' | 'registry' | 'layers' | 'subsets'>,
  made: Made,
): Lock {
  const layers = distribution.layers.map((layer): LockedLayer => {
    if (layer.kind === 'registry') return lockedRegistry(layer, made.held.get(layer.name) ?? []);
    const { name, ref, packages } = layer;
    const commit = Object.hasOwn(made.commits, name) ? made.commits[name] : undefined;
    if (commit !== undefined) return { name, ref, packages, commit };
    throw new Stop(
      'no-commit',
      `the layer ${name} is a folder, which has no commit to lock`,
      'build --lock needs a git storage',
    );
  });
  const locked = { registry: distribution.registry, generator: made.generator, layers, ...choiceOf(distribution) };
  return { ...before, distributions: { ...before.distributions, [distribution.name]: locked } };
}

function lockedRegistry({ name, registry, take }: RegistryLayer, held: readonly LockedRevision[]): LockedRegistry {
  const revisions = held.map((one) => ({ ...one }));
  return {
    kind: 'registry',
    name,
    registry: withoutCredentials(registry),
    ...(take && { take: [...take] }),
    revisions,
  };
}

/** The digest of what a subset chooses by, wherever its files lie; nothing for a whole distribution. */
function choiceOf({ subsets }: Pick<Distribution, 'subsets'>): Pick<LockedDistribution, 'choice'> {
  if (subsets.length === 0) return {};
  const chosen = subsets.map(({ installed, ...rest }) => [rest, installed?.packages]);
  return { choice: createHash('sha256').update(JSON.stringify(chosen)).digest('hex') };
}

/** A distribution as the lock has it. */
export interface Pinned {
  /** Every layer of a storage is at its locked commit. */
  readonly distribution: Distribution;
  /** The revisions of registries, by layer. */
  readonly held: ReadonlyMap<string, readonly LockedRevision[]>;
}

/**
 * The distribution with every layer pinned to what the lock has of it. Throws a `Stop` that lists everything that changed
 * since (the registry version, the generator, the layers and their settings), or one that says that the distribution
 * was never locked.
 */
export function pinDistribution(
  known: Lock,
  distribution: Distribution,
  { generator, file }: { generator: string; file: string },
): Pinned {
  const locked = Object.hasOwn(known.distributions, distribution.name)
    ? known.distributions[distribution.name]
    : undefined;
  if (!locked)
    throw new Stop('not-locked', `${file} has no distribution "${distribution.name}"`, 'lock it with build --lock');
  const found = whatMoved(locked, { ...distribution, generator });
  if (found.length > 0)
    throw new Stop(
      'moved',
      `${distribution.name} is no longer what ${file} has:\n  ${found.join('\n  ')}`,
      'build with --lock in place of --locked to take the new state',
    );
  const commits = new Map(locked.layers.flatMap((one) => (one.kind === undefined ? [[one.name, one.commit]] : [])));
  const layers = distribution.layers.map((layer): LayerSpec =>
    layer.kind === 'storage' ? { ...layer, ref: commits.get(layer.name) ?? layer.ref } : layer,
  );
  const held = locked.layers.flatMap((one): [string, readonly LockedRevision[]][] =>
    one.kind === 'registry' ? [[one.name, one.revisions]] : [],
  );
  return { distribution: { ...distribution, layers }, held: new Map(held) };
}

function whatMoved(
  locked: LockedDistribution,
  now: Omit<LockedDistribution, 'layers' | 'choice'> & Pick<Distribution, 'layers' | 'subsets'>,
): string[] {
  const settings = now.layers.flatMap((layer) => {
    const before = locked.layers.find(({ name }) => name === layer.name);
    if (!before) return [];
    if (layer.kind === 'storage' && before.kind === undefined) return placeMoved(before, layer);
    if (layer.kind === 'registry' && before.kind === 'registry') return takeMoved(before, lockedRegistry(layer, []));
    return [`kind of ${layer.name}: locked ${before.kind ?? 'storage'}, now ${layer.kind}`];
  });
  return [
    ...moved('registry', locked.registry, now.registry),
    ...moved('generator', locked.generator, now.generator),
    ...moved('layers', names(locked.layers), names(now.layers)),
    ...settings,
    ...(locked.choice === choiceOf(now).choice ? [] : ['what it takes: from, for or keep is another one']),
  ];
}

function placeMoved(before: Pick<StorageLayer, 'ref' | 'packages'>, { name, ref, packages }: StorageLayer): string[] {
  const folders = moved(`packages of ${name}`, before.packages || '.', packages || '.');
  return [...moved(`ref of ${name}`, before.ref, ref), ...folders];
}

function takeMoved(before: LockedRegistry, { name, registry, take }: LockedRegistry): string[] {
  const [old, now] = [before.take, take].map((lines) => JSON.stringify(lines ?? 'everything'));
  return [
    ...moved(`registry of ${name}`, before.registry, registry),
    ...moved(`take of ${name}`, old ?? '', now ?? ''),
  ];
}

function moved(what: string, before: string, after: string): string[] {
  return before === after ? [] : [`${what}: locked ${before}, now ${after}`];
}

function names(layers: readonly { readonly name: string }[]): string {
  return layers.map(({ name }) => name).join(', ');
}
