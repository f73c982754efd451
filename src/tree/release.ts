import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsence } from '../errors.ts';
import { isSystemError } from '../system-errors.ts';
import { hidden, removeNow, temporaryName } from './commit/leftovers.ts';
import type { JsonObject } from './json.ts';
import { RELEASE } from './layout.ts';
import type { ManifestDigests } from './manifest-digests.ts';
import { sealedDocument } from './sealed.ts';

/*
 * `release.json` holds the commits and versions from which a site was built. It is the one file of a site that the
 * manifest does not list, so it is sealed.
 */

/** With the digests of the site manifest. */
export interface Release extends ManifestDigests {
  readonly distribution: string;
  /** The registry version that the site reports. */
  readonly registry: string;
  readonly generator: string;
  readonly layers: readonly { readonly name: string; readonly ref?: string; readonly commit?: string }[];
  /** What the site takes of its layers, step by step: `distribution`, `from`, `for` and `keep`. Undefined where it takes all. */
  readonly subsets?: readonly JsonObject[] | undefined;
}

/** Reads the release of the site in a folder. Undefined if there is no site. Throws an Error if it can't be read. */
export async function readRelease(folder: string): Promise<Release | undefined> {
  const text = await readIfThere(join(folder, RELEASE));
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    return isRelease(value) ? value : undefined;
  } catch {
    return undefined; // cut short or altered by hand: no site that anybody can rely on
  }
}

/** As far as what a build wrote needs to be told from what it didn't. */
function isRelease(value: unknown): value is Release {
  return typeof value === 'object' && value !== null && 'manifest' in value && typeof value.manifest === 'string';
}

/** Writes `release.json` into a folder that nobody reads yet. */
export async function writeRelease(folder: string, release: Release): Promise<void> {
  await writeFile(join(folder, RELEASE), textOf(release));
}

/**
 * Replaces `release.json` in a site at once, unless it says the same already: then it gives false. The new one is written beside the site, where the next
 * build finds it if this one is killed.
 */
export async function replaceRelease(folder: string, release: Release): Promise<boolean> {
  const path = join(folder, RELEASE);
  const text = textOf(release);
  if ((await readIfThere(path)) === text) return false;
  const temporary = temporaryName(hidden(folder));
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
    return true;
  } catch (error) {
    removeNow(temporary);
    throw error;
  }
}

function textOf({ distribution, registry, generator, layers, subsets, manifest, tree }: Release): string {
  const chosen = subsets && { subsets };
  const digests = { manifest, ...(tree !== undefined && { tree }) };
  return sealedDocument({ distribution, registry, generator, layers: layers.map(layerOf), ...chosen, ...digests });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isAbsence(error) || (isSystemError(error) && error.code === 'EISDIR')) return undefined;
    throw error;
  }
}

function layerOf({ name, ref, commit }: Release['layers'][number]): Record<string, string> {
  return commit === undefined || ref === undefined ? { name } : { name, ref, commit };
}
