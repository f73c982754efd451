import type { Layer, Revision, RevisionFiles, Storage } from '../storage/storage.ts';
import { compareText } from '../tree/text.ts';
import { compareRevisionVersions, parseStrictVersion } from '../core/version.ts';

/** The revisions that one registry serves. If several layers hold a revision, the one in the first layer counts. */
export interface Catalog {
  /** Sorted by name, then by version, oldest first. All answers have this order (docs/contract.md section 3). */
  readonly revisions: readonly Revision[];
  readonly shadowed: readonly Shadowed[];
}

/** A revision that lost to the same one in a higher layer. */
export interface Shadowed {
  readonly loser: Revision;
  readonly winner: Revision;
}

/** Merges layers, the highest rank first. */
export function mergeLayers(layers: readonly Pick<Layer, 'revisions'>[]): Catalog {
  const winners = new Map<string, Revision>();
  const shadowed: Shadowed[] = [];
  for (const revision of layers.flatMap((layer) => layer.revisions)) {
    const winner = winners.get(revision.id);
    if (winner) shadowed.push({ loser: revision, winner });
    else winners.set(revision.id, revision);
  }
  return { revisions: [...winners.values()].sort(compareRevisions), shadowed };
}

/** Whether two revisions hold the same content: equal paths with equal contents. Modes of files don't count. */
export function sameContent(a: RevisionFiles, b: RevisionFiles): boolean {
  if (a.zip !== b.zip || a.files.length !== b.files.length) return false;
  return a.files.every((file, i) => file.path === b.files[i]?.path && file.content === b.files[i].content);
}

/** Whether two revisions of a storage hold the same content; modes don't count. */
export async function holdSame(storage: Pick<Storage, 'listFiles'>, a: Revision, b: Revision): Promise<boolean> {
  return a.source === b.source || sameContent(await storage.listFiles(a), await storage.listFiles(b));
}

type Named = Pick<Revision, 'name' | 'version'>;

/** Compares by name in byte order, then by version. Folders that are not versions come first, in byte order. */
export function compareRevisions(a: Named, b: Named): number {
  if (a.name !== b.name) return compareText(a.name, b.name);
  const [left, right] = [parseStrictVersion(a.version), parseStrictVersion(b.version)];
  if (left && right) return compareRevisionVersions(left, right);
  return Number(left !== undefined) - Number(right !== undefined) || compareText(a.version, b.version);
}
