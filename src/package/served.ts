import { formatVersion, parseStrictVersion } from '../core/version.ts';
import { revisionId } from '../storage/storage.ts';
import type { Revision } from '../storage/storage.ts';

/*
 * A folder whose version differs from its manifest's only in build metadata is served under the manifest's (docs/contract.md section
 * 8). Before a manifest is read, a revision is known by its folder.
 */

/** The revision under the version of its manifest, if that is only another one in build metadata. A zip stays what it is called. */
export function servedRevision(revision: Revision, written: unknown): Revision {
  if (typeof written !== 'string' || written === revision.version || revision.zipped) return revision;
  const release = withoutBuild(written);
  return release !== undefined && release === withoutBuild(revision.version) ? servedAs(revision, written) : revision;
}

export function servedAs(revision: Revision, version: string): Revision {
  return version === revision.version ? revision : { ...revision, version, id: revisionId(revision.name, version) };
}

/** A version without its build metadata; undefined of what is no version. */
export function withoutBuild(text: string): string | undefined {
  const version = parseStrictVersion(text);
  return version && formatVersion({ ...version, build: '' });
}
