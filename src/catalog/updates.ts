import { parseStrictVersion } from '../core/version.ts';
import { namesAt } from '../storage/listing.ts';
import { revisionId } from '../storage/storage.ts';
import type { RevisionId } from '../storage/storage.ts';
import { compareRevisions } from './merge.ts';

/*
 * What commits of layers changed in what a distribution serves. It follows from the layers and their history alone, so every build of the
 * same commits finds the same, whatever was built before.
 */

/** A commit of a layer by which a distribution serves other versions, or takes them from another layer. */
export interface Update {
  readonly commit: string;
  readonly layer: string;
  /** In seconds since 1970. */
  readonly time: number;
  /** In the order of answers; at least one. */
  readonly moves: readonly Move[];
}

/** A version of a package that came, went, or moved from one layer to another. */
export interface Move {
  readonly name: string;
  readonly version: string;
  /** The layer that it was served from; undefined if it wasn't. */
  readonly from: string | undefined;
  /** The layer that it is served from since then; undefined if it no longer is. */
  readonly to: string | undefined;
}

/** A layer as it is now, and how it became so. */
export interface PastLayer {
  readonly name: string;
  readonly revisions: readonly { readonly id: RevisionId }[];
  /** The folder that its packages lie in. */
  readonly packages: string;
  /** The newest first; none where nothing is known of the past. */
  readonly commits: readonly PastCommit[];
}

interface PastCommit {
  readonly commit: string;
  /** In seconds since 1970. */
  readonly time: number;
  /** Places of revisions. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * The newest `most` updates of a distribution, the newest first. `layers` are in rank order. Versions that `isShown` refuses don't count.
 * It goes back from what the layers hold now, so it needs no beginning.
 */
export function updatesOf(
  layers: readonly PastLayer[],
  isShown: (id: RevisionId) => boolean,
  most: number,
): readonly Update[] {
  const held = layers.map(({ revisions }) => new Set(revisions.map(({ id }) => id)));
  const servedBy = (id: RevisionId): string | undefined => layers[held.findIndex((ids) => ids.has(id))]?.name;
  const updates: Update[] = [];
  for (const [rank, { commit, time, added, removed }] of backwards(layers)) {
    if (updates.length === most) break;
    const { name, packages } = layers[rank] as PastLayer;
    const [came, went] = [idsAt(added, packages), idsAt(removed, packages)];
    const touched = [...new Map([...came, ...went])].filter(([id]) => isShown(id));
    const after = touched.map(([id]) => servedBy(id));
    for (const [id] of came) held[rank]?.delete(id);
    for (const [id] of went) held[rank]?.add(id);
    const moves = touched.flatMap(([id, names], i): Move[] => {
      const [from, to] = [servedBy(id), after[i]];
      return from === to ? [] : [{ ...names, from, to }];
    });
    if (moves.length > 0) updates.push({ commit, layer: name, time, moves: moves.sort(compareRevisions) });
  }
  return updates;
}

/** The commits of all layers, the newest first, each with the rank of its layer. Of one time, a promotion removes after it has added. */
function* backwards(layers: readonly PastLayer[]): Generator<[rank: number, commit: PastCommit]> {
  const next = layers.map(() => 0);
  for (;;) {
    let newest: [number, PastCommit] | undefined;
    for (const [rank, { commits }] of layers.entries()) {
      const commit = commits[next[rank] ?? 0];
      if (commit && (!newest || commit.time >= newest[1].time)) newest = [rank, commit];
    }
    if (!newest) return;
    next[newest[0]] = (next[newest[0]] ?? 0) + 1;
    yield newest;
  }
}

/** Of places that a registry could serve. */
function idsAt(places: readonly string[], packages: string): Map<RevisionId, { name: string; version: string }> {
  return new Map(
    places.flatMap((place): [RevisionId, { name: string; version: string }][] => {
      const names = namesAt(place, packages);
      if (!names || !/^[a-z0-9_]+$/.test(names.name) || !parseStrictVersion(names.version)) return [];
      return [[revisionId(names.name, names.version), names]];
    }),
  );
}
