import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestParts } from '../../tree/extend-site.ts';
import { jsonLines, keptFiles, readChecked, writeChecked } from './checked-files.ts';
import type { MadeSite } from '../make-site.ts';
import type { KeptPackage, MadePackage } from '../packages.ts';

/*
 * What a build remembers of the place that it has built, so that the next one there need not do all again.
 */

/** What the last build of a place has made, and from what. */
export interface State {
  /** Digest of all that a site depends on beside its revisions. */
  readonly frame: string;
  /** Id -> what its content and signature are, in the order of answers. */
  readonly keys: readonly (readonly [id: string, key: string])[];
  readonly made: MadeSite;
}

export interface States {
  /** The state of the site that lies at the place, if it is one of this `frame` and seems whole. */
  last(frame: string): Promise<State | undefined>;
  /** The packages of that site, by name; undefined where not all of them are known, or its manifest was altered. */
  packages(state: State): Promise<ReadonlyMap<string, KeptPackage> | undefined>;
  set(state: State, packages: readonly MadePackage[]): void;
}

/** What is kept in a folder of the site in `place`. */
export function openStates(folder: string, place: string): States {
  const states = keptFiles<State>(folder);
  const key = sha256(place).slice(0, 40);
  const packagesFile = join(folder, `${key}.ndjson`);
  return {
    last: async (frame) => {
      const state = states.get(key);
      if (!state?.made.site || state.frame !== frame) return undefined;
      if ((await manifestDigest(place)) !== state.made.site.manifest) return undefined;
      return (await holdsRevisions(place, state.keys)) ? state : undefined;
    },
    packages: async ({ made }) => {
      const [own, ...packages] = (readChecked(packagesFile) ?? '').split('\n').slice(0, -1);
      const manifest = await readManifest(place);
      if (own === undefined || own !== made.site?.manifest || sha256(manifest) !== own) return undefined;
      return withLines(
        packages.map((line) => JSON.parse(line) as MadePackage),
        manifest,
      );
    },
    set: (state, made) => {
      mkdirSync(folder, { recursive: true });
      writeChecked(packagesFile, keptLines(state.made.site?.manifest ?? '', made));
      states.set(key, state);
    },
  };
}

/** The digest of the manifest that has the packages' lines, in their order and before all others; then the packages. */
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

async function readManifest(folder: string): Promise<Buffer> {
  const parts = await manifestParts(folder).catch(() => []);
  return Buffer.concat(await Promise.all(parts.map((part) => readFile(part))));
}

/** The digest of a site's manifest, by its `release.json`; '' where there is none. */
export async function manifestDigest(folder: string): Promise<string> {
  const release = await readFile(join(folder, '_registry/release.json'), 'utf8').catch(() => '{}');
  return (JSON.parse(release) as { manifest?: string }).manifest ?? '';
}

/** Whether a site still has an index and, of every revision, its folder, zip and pages: a glance, not a verification. */
async function holdsRevisions(folder: string, keys: State['keys']): Promise<boolean> {
  const versions = new Map<string, string[]>();
  for (const [id] of keys) {
    const [name = '', version = ''] = id.split('@');
    versions.set(name, [...(versions.get(name) ?? []), version]);
  }
  const checks: Promise<boolean>[] = [];
  for (const [name, of] of versions) {
    const pages = of.map((version) => `${version}.json`);
    checks.push(
      hasNames(join(folder, 'package', name), of),
      hasNames(
        join(folder, 'epr', name),
        of.map((version) => `${name}-${version}.zip`),
      ),
      hasNames(join(folder, '_registry/files', name), pages),
      hasNames(join(folder, '_registry/package', name), pages),
    );
  }
  return existsSync(join(folder, '_registry/index.json')) && (await Promise.all(checks)).every(Boolean);
}

async function hasNames(folder: string, names: readonly string[]): Promise<boolean> {
  const there = new Set(await readdir(folder).catch(() => []));
  return names.every((name) => there.has(name));
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
