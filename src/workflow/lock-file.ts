import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ConfigPlace, Distribution } from '../config.ts';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { generator } from '../generator.ts';
import { refuseLink, replaceFile } from '../tree/commit/output-file.ts';
import { lockedRevisions } from './open-layers.ts';
import type { MirroredLayers } from './open-layers.ts';
import type { Layer, Storage } from '../storage/storage.ts';
import { emptyLock, lockDistribution, parseLock, pinDistribution, renderLock } from './lock.ts';
import type { Lock, Made, Pinned } from './lock.ts';

/** Uses the lock file beside the distributions file, or in the current folder if the storage's own distributions file counts. */
export interface LockUse {
  /** The distribution to build. With `locked`, every layer of a storage is at its locked commit. */
  readonly distribution: Distribution;
  /** With `locked`, the revisions that layers have which are registries. */
  readonly held: Pinned['held'];
  /**
   * The layers that were read, with the refs of the configuration. With `lock`, throws a `Stop` if a layer has no
   * commit.
   */
  named(layers: readonly Layer[], mirrored: MirroredLayers): Layer[];
  /** A warning for each layer whose ref has moved since the lock was made. */
  moved(storage: Pick<Storage, 'readLayer'>): Promise<Finding[]>;
  /** With `lock`, writes to the lock file what the build was made from. */
  keep(layers: readonly Layer[], mirrored: MirroredLayers): Promise<void>;
}

/**
 * Prepares the build of a distribution. `locked` builds the commits in the lock file; `lock` writes the file anew.
 * Throws a `Stop` if the lock file can't be read, lacks the distribution, or no longer fits it.
 */
export async function useLock(
  {
    config,
    lock = false,
    locked = false,
  }: { config: ConfigPlace; lock?: boolean | undefined; locked?: boolean | undefined },
  asked: Distribution,
): Promise<LockUse> {
  const file = join(typeof config === 'string' ? dirname(config) : '.', 'distributions.lock.json');
  if (lock) refuseLink(file);
  const known = lock || locked ? await readLock(file) : emptyLock;
  const { distribution, held }: Pinned = locked
    ? pinDistribution(known, asked, { generator, file })
    : { distribution: asked, held: new Map() };
  const refs = new Map(asked.layers.flatMap((layer) => (layer.kind === 'storage' ? [[layer.name, layer.ref]] : [])));
  return {
    distribution,
    held,
    named: (layers, mirrored) => {
      if (lock) lockDistribution(known, asked, madeFrom(layers, mirrored)); // throws before a site is made
      return locked ? layers.map((layer) => ({ ...layer, ref: refs.get(layer.name) ?? layer.ref })) : [...layers];
    },
    moved: async (storage) => {
      if (!locked) return [];
      const found = await Promise.all(
        distribution.layers.map((pinned, i) => movedLayer(storage, pinned, asked.layers[i])),
      );
      return found.flat();
    },
    keep: async (layers, mirrored) => {
      if (!lock) return;
      const now = lockDistribution(await readLock(file), asked, madeFrom(layers, mirrored));
      await replaceFile(file, renderLock(now));
    },
  };
}

function madeFrom(layers: readonly Layer[], mirrored: MirroredLayers): Made {
  return {
    generator,
    commits: Object.fromEntries(layers.map(({ name, commit }) => [name, commit])),
    held: new Map([...mirrored].map(([name, one]) => [name, lockedRevisions(one)])),
  };
}

async function movedLayer(
  storage: Pick<Storage, 'readLayer'>,
  pinned: Distribution['layers'][number],
  asked: Distribution['layers'][number] | undefined,
): Promise<Finding[]> {
  if (pinned.kind === 'registry' || asked?.kind === 'registry') return [];
  const now = asked && (await storage.readLayer(asked).catch(ifNoLayer));
  if (now?.commit === pinned.ref) return [];
  const to = now?.commit === undefined ? 'is no longer there' : `is at ${now.commit.slice(0, 12)} by now`;
  const text = `is locked at ${pinned.ref.slice(0, 12)}; ${asked?.ref ?? pinned.name} ${to}`;
  return [{ code: 'moved', where: pinned.name, text, level: 'warning' }];
}

function ifNoLayer(error: unknown): undefined {
  if (!(error instanceof Stop && ['no-layer', 'no-packages'].includes(error.code))) throw error;
}

/** Reads the lock file. Without a file, the lock is empty. */
async function readLock(file: string): Promise<Lock> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Stop('bad-lock', `${file} can't be read: ${error.code ?? error.message}`, undefined, error);
  });
  return text === undefined ? emptyLock : parseLock(text, file);
}
