import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ConfigPlace, Distribution } from '../config.ts';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { generator } from '../generator.ts';
import { refuseLink, replaceFile } from '../tree/commit/output-file.ts';
import type { Layer, Storage } from '../storage/storage.ts';
import { emptyLock, lockDistribution, parseLock, pinDistribution, renderLock } from './lock.ts';
import type { Lock } from './lock.ts';

/** Uses the lock file beside the distributions file, or in the current folder if the storage's own distributions file counts. */
export interface LockUse {
  /** The distribution to build. With `locked`, every layer is at its locked commit. */
  readonly distribution: Distribution;
  /**
   * The layers that were read, with the refs of the configuration. With `lock`, throws a `Stop` if a layer has no
   * commit.
   */
  named(layers: readonly Layer[]): Layer[];
  /** A warning for each layer whose ref has moved since the lock was made. */
  moved(storage: Pick<Storage, 'readLayer'>): Promise<Finding[]>;
  /** With `lock`, writes the commits of the build to the lock file. */
  keep(layers: readonly Layer[]): Promise<void>;
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
  const distribution = locked ? pinDistribution(known, asked, { generator, file }) : asked;
  const refOf = (name: string): string | undefined => asked.layers.find((layer) => layer.name === name)?.ref;
  return {
    distribution,
    named: (layers) => {
      if (lock) lockDistribution(known, asked, { generator, commits: commitsOf(layers) }); // throws before a site is made
      return locked ? layers.map((layer) => ({ ...layer, ref: refOf(layer.name) ?? layer.ref })) : [...layers];
    },
    moved: async (storage) => {
      if (!locked) return [];
      const found = await Promise.all(
        distribution.layers.map((pinned, i) => movedLayer(storage, pinned, asked.layers[i])),
      );
      return found.flat();
    },
    keep: async (layers) => {
      if (!lock) return;
      const now = lockDistribution(await readLock(file), asked, { generator, commits: commitsOf(layers) });
      await replaceFile(file, renderLock(now));
    },
  };
}

function commitsOf(layers: readonly Layer[]): Record<string, string | undefined> {
  return Object.fromEntries(layers.map(({ name, commit }) => [name, commit]));
}

async function movedLayer(
  storage: Pick<Storage, 'readLayer'>,
  pinned: Distribution['layers'][number],
  asked: Distribution['layers'][number] | undefined,
): Promise<Finding[]> {
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
