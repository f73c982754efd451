import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../../tree/make-folder.ts';
import { fileListPath, INDEX, packageFilePath, packageIndexPath, zipPath } from '../../tree/layout.ts';
import { readManifest } from '../../tree/manifest.ts';
import { readRelease } from '../../tree/release.ts';
import { jsonLines, keptFiles, readChecked, writeChecked } from './checked-files.ts';
import type { KeptPackage, MadePackage, State } from '../kept.ts';

/*
 * What a build remembers about its site, so that the next build of the site need not do everything again.
 */

export interface States {
  /** The state of the present site, if the site has this `frame` and seems whole. */
  last(frame: string): Promise<State | undefined>;
  /** The packages of that site, by name. Undefined if some are not known, or if the manifest was altered. */
  packages(state: State): Promise<ReadonlyMap<string, KeptPackage> | undefined>;
  set(state: State, packages: readonly MadePackage[]): void;
}

/** Opens the states in a folder, for the site at `place`. */
export function openStates(folder: string, place: string): States {
  const states = keptFiles<State>(folder);
  const key = sha256(place).slice(0, 40);
  const packagesFile = join(folder, `${key}.ndjson`);
  return {
    last: async (frame) => {
      const state = states.get(key);
      if (state?.frame !== frame) return undefined;
      if ((await readRelease(place))?.manifest !== state.made.site.manifest) return undefined;
      return (await holdsRevisions(place, state.keys)) ? state : undefined;
    },
    packages: async ({ made }) => {
      const [own, ...packages] = (readChecked(packagesFile) ?? '').split('\n').slice(0, -1);
      const manifest = await readManifest(place);
      if (own === undefined || own !== made.site.manifest || sha256(manifest) !== own) return undefined;
      return withLines(
        packages.map((line) => JSON.parse(line) as MadePackage),
        manifest,
      );
    },
    set: (state, made) => {
      makeFolder(folder);
      writeChecked(packagesFile, keptLines(state.made.site.manifest, made));
      states.set(key, state);
    },
  };
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

/**
 * Whether a site still has an index, and the folder, zip and pages of every revision. It looks for the files and does
 * not read them.
 */
async function holdsRevisions(folder: string, keys: State['keys']): Promise<boolean> {
  const namesIn = new Map<string, string[]>();
  for (const [id] of keys) {
    const [name = '', version = ''] = id.split('@');
    for (const pathOf of [packageIn, zipPath, packageIndexPath, fileListPath]) {
      const path = pathOf(name, version);
      namesIn.set(dirname(path), [...(namesIn.get(dirname(path)) ?? []), basename(path)]);
    }
  }
  const checks = [...namesIn].map(([inner, names]) => hasNames(join(folder, inner), names));
  return existsSync(join(folder, INDEX)) && (await Promise.all(checks)).every(Boolean);
}

function packageIn(name: string, version: string): string {
  return packageFilePath(name, version, '');
}

async function hasNames(folder: string, names: readonly string[]): Promise<boolean> {
  const there = new Set(await readdir(folder).catch(() => []));
  return names.every((name) => there.has(name));
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
