import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsence } from '../../errors.ts';
import { isSystemError } from '../../system-errors.ts';
import { makeFolder } from '../../tree/make-folder.ts';
import { MANIFEST, REGISTRY } from '../../tree/layout.ts';
import { readManifest } from '../../tree/manifest.ts';
import { treeDigest } from '../../tree/manifest-digests.ts';
import { readRelease } from '../../tree/release.ts';
import { jsonLines, keptFiles, readChecked, writeChecked } from './checked-files.ts';
import { keepGlances, touchedByGlances } from './glances.ts';
import type { KeptPackage, MadePackage, State } from '../kept.ts';

/*
 * What a build remembers about its site, so that the next build of the site need not do everything again.
 */

export interface States {
  /** The state of the present site. */
  last(): Promise<State | undefined>;
  /** Paths of that site that are not as the build left them, as far as a glance tells (`tree/touched.ts`). */
  touched(state: State): Promise<readonly string[]>;
  /** The packages of that site, by name. Undefined if some are not known, or if the manifest was altered. */
  packages(state: State): Promise<ReadonlyMap<string, KeptPackage> | undefined>;
  /** Keeps what is known of the site, which is in its place now. */
  set(state: Omit<State, 'madeAt'>, packages: readonly MadePackage[]): Promise<void>;
  /** Keeps that a build has changed files of the site that the state doesn't depend on. */
  renew(state: State): Promise<void>;
}

/** Opens the states in a folder, for the site at `place`. */
export function openStates(folder: string, place: string): States {
  const states = keptFiles<State>(folder);
  const key = sha256(place).slice(0, 40);
  const packagesFile = join(folder, `${key}.ndjson`);
  const glancesFile = join(folder, `${key}.glances`);
  const keep = async (state: Omit<State, 'madeAt'>): Promise<void> => {
    await keepGlances(glancesFile, place, treeDigest(state.made.site));
    states.set(key, { ...state, madeAt: timeOf(place) });
  };
  return {
    last: async () => {
      const state = states.get(key);
      const release = state && (await readRelease(place));
      return release && treeDigest(release) === treeDigest(state.made.site) ? state : undefined;
    },
    touched: async ({ madeAt, made }) => {
      const look = { file: glancesFile, folder: place, manifest: treeDigest(made.site), since: madeAt };
      return (await ifReadable(() => touchedByGlances(look))) ?? [MANIFEST];
    },
    packages: async ({ made }) => {
      const [own, ...packages] = (readChecked(packagesFile) ?? '').split('\n').slice(0, -1);
      const manifest = await ifReadable(() => readManifest(place));
      if (own === undefined || own !== treeDigest(made.site) || !manifest || sha256(manifest) !== own) return undefined;
      return withLines(
        packages.map((line) => JSON.parse(line) as MadePackage),
        manifest,
      );
    },
    set: async (state, made) => {
      makeFolder(folder);
      writeChecked(packagesFile, keptLines(treeDigest(state.made.site), made));
      await keep(state);
    },
    renew: keep,
  };
}

/** What `read` gives; undefined where somebody removed a list of the site, or put something else in its place. */
async function ifReadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isAbsence(error) || (isSystemError(error) && error.code === 'EISDIR')) return undefined;
    throw error;
  }
}

/** A time at which the site is made, also where the clock of its file system is ahead. */
function timeOf(place: string): number {
  const times = [place, join(place, REGISTRY)].map((folder) => statSync(folder).mtimeMs);
  return Math.max(Date.now(), ...times);
}

/**
 * First the digest of the manifest, which holds the lines of the packages in their order and before all others. Then
 * the packages.
 */
function* keptLines(manifest: string, packages: readonly MadePackage[]): Generator<string> {
  yield manifest;
  yield* jsonLines(packages);
}

function withLines(packages: readonly MadePackage[], manifest: Buffer): Map<string, KeptPackage> {
  let at = 0;
  return new Map(
    packages.map((made) => {
      const lines = manifest.subarray(at, at + made.listed.length);
      at += made.listed.length;
      return [made.name, { made, lines }];
    }),
  );
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
