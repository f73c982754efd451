import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { RELEASE } from '../../tree/layout.ts';
import type { Release } from '../../tree/release.ts';
import { isSealed } from '../../tree/sealed.ts';
import { readIfFile } from './disk.ts';

/*
 * Whether a site is the one that another `release.json` is about. With a site in which `verify` finds nothing, that is a proof: the
 * release names the digest of the site manifest, and this the digest of each file.
 */

/** Reads a `release.json` that came another way than the site. Throws a `Stop` where the file is none, or its seal is broken. */
export function readGivenRelease(file: string): string {
  const text = readFileSync(file, 'utf8');
  if (isSealed(text) && typeof (JSON.parse(text) as Partial<Release>).distribution === 'string') return text;
  const problem = `${file} is no release.json that a build has written, or somebody changed it: its seal is broken`;
  throw new Stop('bad-release', problem, `give the ${RELEASE} of the site as it was built`);
}

/** How the site in a folder differs from the one that a `release.json` is about; at most one finding. */
export function otherSiteFindings(folder: string, given: string): Finding[] {
  const own = readIfFile(join(folder, RELEASE))?.toString('utf8');
  if (own === undefined || own === given || !isSealed(own)) return []; // `verify` tells of a missing or damaged one
  return [{ code: 'other-site', where: RELEASE, text: difference(releaseIn(own), releaseIn(given)), level: 'error' }];
}

function releaseIn(text: string): Release {
  return JSON.parse(text) as Release;
}

function difference(own: Release, given: Release): string {
  if (own.manifest === given.manifest)
    return 'says the same of the files as the given one, and differs in where they came from: another build of the same content';
  return `is of another site (${nameOf(own)}) than the given one (${nameOf(given)})`;
}

function nameOf({ distribution, manifest }: Release): string {
  return `${distribution}, site manifest ${manifest.slice(0, 12)}`;
}
