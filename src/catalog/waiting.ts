import { compareRevisions } from './merge.ts';
import type { Layer, Revision } from '../storage/storage.ts';

/** A revision that no higher layer holds yet. */
export interface Waiting {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly layer: string;
  /** The next layer up. */
  readonly for: string;
  /** The newest version of the package in the higher layers. Undefined if they hold none. */
  readonly newestAbove: string | undefined;
  /** Whether it is newer than every version of the package in the higher layers, and than every other version that waits. */
  readonly outdates: boolean;
  /** The date of the commit that added it here, in ISO 8601. Undefined if it isn't known. */
  readonly since: string | undefined;
}

/**
 * The revisions that wait in the lower layers, sorted by layer, package and version. `layers` are in rank order. `sinceOf` knows when a
 * revision came to its layer.
 */
export function waitingRevisions(
  layers: readonly Pick<Layer, 'name' | 'revisions'>[],
  sinceOf: (revision: Revision) => string | undefined,
): Waiting[] {
  return layers.slice(1).flatMap((layer, below) => {
    const higher = layers.slice(0, below + 1).flatMap(({ revisions }) => revisions);
    const held = new Set(higher.map(({ id }) => id));
    const newestHeld = newestByName(higher);
    const waiting = layer.revisions.filter(({ id }) => !held.has(id)).sort(compareRevisions);
    const newestWaiting = newestByName(waiting);
    return waiting.map((revision) => {
      const above = newestHeld.get(revision.name);
      const isNewer = above === undefined || compareRevisions(revision, above) > 0;
      return {
        id: revision.id,
        name: revision.name,
        version: revision.version,
        layer: layer.name,
        for: layers[below]?.name ?? '',
        newestAbove: above?.version,
        outdates: isNewer && newestWaiting.get(revision.name) === revision,
        since: sinceOf(revision),
      };
    });
  });
}

function newestByName(revisions: readonly Revision[]): Map<string, Revision> {
  return new Map([...revisions].sort(compareRevisions).map((revision) => [revision.name, revision]));
}
