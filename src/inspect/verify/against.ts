import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openBundles } from '../../bundle/apply/open-bundles.ts';
import { wrong } from '../../bundle/checked.ts';
import { partsFrom } from '../../bundle/parts.ts';
import { firstMember } from '../../bundle/tar.ts';
import { sha256 } from '../../bundle/zip-streams.ts';
import { Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { RELEASE } from '../../tree/layout.ts';
import { treeDigest } from '../../tree/manifest-digests.ts';
import type { Release } from '../../tree/release.ts';
import { isSealed } from '../../tree/sealed.ts';
import { readIfFile } from './disk.ts';

/*
 * Whether a site is the one that another `release.json` is about. With a site in which `verify` finds nothing, that is a proof: the
 * release names the digest of the site manifest, and this the digest of each file.
 */

/** What tells a site from every other one. */
export interface GivenRelease {
  readonly distribution: string;
  /** The digest of the site manifest. */
  readonly manifest: string;
  /** The digest of `release.json`. */
  readonly digest: string;
}

/**
 * Reads a `release.json` that came another way than the site, or what a bundle says of it. Throws a `Stop` where the file is neither, or isn't
 * whole.
 */
export async function readGivenRelease(file: string): Promise<GivenRelease> {
  if (statSync(file).isDirectory())
    throw new Stop(
      'bad-release',
      `${file} is a folder`,
      `give a file: the ${RELEASE} of the site as it was built, or a bundle`,
    );
  if (firstMember(file) !== undefined) return await releaseOfBundle(file);
  const text = readFileSync(file, 'utf8');
  if (isSealed(text)) {
    const { distribution, manifest, tree } = JSON.parse(text) as Partial<Release>;
    if (distribution !== undefined && manifest !== undefined)
      return { distribution, manifest: treeDigest({ manifest, tree }), digest: sha256(Buffer.from(text)) };
  }
  const problem = `${file} is no release.json that a build has written, or somebody changed it: its seal is broken`;
  throw new Stop('bad-release', problem, `give the ${RELEASE} of the site as it was built, or a bundle of it`);
}

/** A bundle names the digest of each file that no list of the site names. */
async function releaseOfBundle(file: string): Promise<GivenRelease> {
  const { bundles, close } = await openBundles(partsFrom(file), () => undefined);
  close();
  const files = bundles[0]?.recipe.files ?? [];
  const release = files.find(({ host, path }) => host === '' && path === RELEASE);
  if (!bundles[0] || !release) throw wrong(file, `names no ${RELEASE}`);
  const { distribution, manifest } = bundles[0].description;
  return { distribution, manifest, digest: release.digest };
}

/** How the site in a folder differs from the given one; at most one finding. */
export function otherSiteFindings(folder: string, given: GivenRelease): Finding[] {
  const own = readIfFile(join(folder, RELEASE));
  if (!own || sha256(own) === given.digest || !isSealed(own.toString('utf8'))) return []; // `verify` tells of a missing or damaged one
  const text = difference(JSON.parse(own.toString('utf8')) as Release, given);
  return [{ code: 'other-site', where: RELEASE, text, level: 'error' }];
}

function difference(own: Release, given: GivenRelease): string {
  const manifest = treeDigest(own);
  if (manifest === given.manifest)
    return 'says the same of the files as the given one, and differs in where they came from: another build of the same content';
  return `is of another site (${nameOf({ ...own, manifest })}) than the given one (${nameOf(given)})`;
}

function nameOf({ distribution, manifest }: Pick<GivenRelease, 'distribution' | 'manifest'>): string {
  return `${distribution}, site manifest ${manifest.slice(0, 12)}`;
}
