import type { Finding } from '../errors.ts';
import type { Revision } from '../storage/storage.ts';
import type { KeptPackage, RevisionKey } from './kept.ts';
import { placeOf } from './plan.ts';

/*
 * A promotion changes the layer of a revision and nothing of its content, so that what was made of it is kept. Kept findings name the
 * place where the revision was then.
 */

/** Gives findings of the last build the places where their revisions are now. */
export type Relocate = (findings: readonly Finding[]) => readonly Finding[];

export function relocator(before: readonly RevisionKey[], revisions: readonly Revision[]): Relocate {
  const now = new Map(revisions.map((revision) => [revision.id as string, placeOf(revision)]));
  const moved = new Map<string, string>();
  for (const [id, , place] of before) {
    const current = now.get(id);
    if (place !== undefined && current !== undefined && current !== place) moved.set(place, current);
  }
  if (moved.size === 0) return (findings) => findings;
  return (findings) => findings.map((finding) => ({ ...finding, where: relocated(finding.where, moved) }));
}

/** The packages of the last build, with findings that name the places of now. */
export function relocatedPackages(
  kept: ReadonlyMap<string, KeptPackage>,
  relocate: Relocate,
): ReadonlyMap<string, KeptPackage> {
  return new Map(
    [...kept].map(([name, one]) => [name, { ...one, made: { ...one.made, findings: relocate(one.made.findings) } }]),
  );
}

/** A finding is about a revision, about a file in it, or about the signature beside it. */
function relocated(where: string, moved: ReadonlyMap<string, string>): string {
  for (let end = where.length; end > 0; end = where.lastIndexOf('/', end - 1)) {
    const place = where.slice(0, end).replace(/\.sig$/, '');
    const current = moved.get(place);
    if (current !== undefined) return current + where.slice(place.length);
  }
  return where;
}
