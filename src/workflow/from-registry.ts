import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareRevisionVersions, versionOf } from '../core/version.ts';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { mirrorRegistry } from '../mirror/mirror.ts';
import type { Held, Listed, Mirroring } from '../mirror/mirroring.ts';
import { enumerated, nearMatch } from '../near-match.ts';
import { zipPath } from '../tree/layout.ts';

/*
 * Packages of a registry for a layer of a storage: they are fetched and checked as those of a layer that is a registry, and then lie
 * in files for `add`.
 */

export interface FetchedPackages {
  /** The zips, each with its signature beside it. */
  readonly paths: readonly string[];
  /** Why packages were not fetched. */
  readonly findings: readonly Finding[];
  /** A text in which these files are called by their URLs. */
  shown(text: string): string;
  /** Removes the files. */
  close(): Promise<void>;
}

/** What of `Mirroring` the packages don't decide. */
export type FetchOptions = Pick<
  Mirroring,
  'layer' | 'registry' | 'keys' | 'signatures' | 'limits' | 'cache' | 'offline' | 'onBytes' | 'onFetch' | 'onWait'
>;

/**
 * Fetches packages, each named `PACKAGE` or `PACKAGE@VERSION`; without a version, the newest release, or the newest pre-release of a
 * package that has no release. Throws what `mirrorRegistry` throws, and a `Stop` for a package that the registry doesn't list.
 */
export async function fetchPackages(names: readonly string[], options: FetchOptions): Promise<FetchedPackages> {
  const asked = names.map(parseName);
  const { held, findings, report } = await mirrorRegistry({
    ...options,
    wanted: { kind: 'chosen', ranges: [], choose: (list) => asked.map((one) => chosenOf(one, list, options.layer)) },
    gone: 'keep',
    refresh: false,
    environment: process.env,
  });
  const folder = await mkdtemp(join(tmpdir(), 'epr-static-'));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const paths: string[] = [];
    for (const one of held) paths.push(await lay(one, folder));
    const urls = new Map(
      held.map(({ listed: { name, version } }, i) => [paths[i] ?? '', `${report.registry}/${zipPath(name, version)}`]),
    );
    return { paths, findings, shown: (text) => replaceAll(text, urls), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Asked {
  readonly name: string;
  /** The newest one if undefined. */
  readonly version: string | undefined;
}

function parseName(text: string): Asked {
  const [, name, version] = /^([a-z0-9_]+)(?:@(.+))?$/.exec(text) ?? [];
  if (name !== undefined) return { name, version };
  throw new Stop(
    'usage',
    `"${text}" is no package of a registry`,
    'write PACKAGE or PACKAGE@VERSION, such as nginx@1.20.0',
  );
}

function chosenOf({ name, version }: Asked, list: readonly Listed[], layer: string): Listed {
  const versions = list.filter((one) => one.name === name).toSorted(newestLast);
  const found =
    version === undefined
      ? (versions.findLast((one) => versionOf(one.version).pre === '') ?? versions.at(-1))
      : versions.find((one) => one.version === version);
  if (found) return found;
  const names = [...new Set(list.map((one) => one.name))];
  const [what, hint] =
    versions.length > 0
      ? [`${name}@${version}`, `it has: ${enumerated(versions.map((one) => one.version).toReversed())}`]
      : [name, nearMatch(name, names).trim()];
  throw new Stop('unknown-package', `the registry for ${layer} has no package ${what}`, hint || undefined);
}

function newestLast(a: Listed, b: Listed): number {
  return compareRevisionVersions(versionOf(a.version), versionOf(b.version));
}

/** Lays the files of a package where `add` finds them, and gives the path of the zip. */
async function lay({ listed: { name, version }, zip, signature }: Held, folder: string): Promise<string> {
  const path = join(folder, `${name}-${version}.zip`);
  await copyFile(zip.file, path);
  if (signature) await copyFile(signature.file, `${path}.sig`);
  return path;
}

function replaceAll(text: string, replacements: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [path, url] of replacements) replaced = replaced.replaceAll(path, url);
  return replaced;
}
