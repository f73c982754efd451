import type { LayerPolicy } from '../config.ts';
import { holdSame, sameContent } from '../catalog/merge.ts';
import type { Layer, Revision, RevisionFiles, Storage } from '../storage/storage.ts';
import type { CommittedFile } from '../storage/git/history.ts';
import type { Touched, Twin } from './policy.ts';

/*
 * The same revision in several layers, or in one layer at two commits.
 */

/** A layer that is checked. */
export interface CheckedLayer {
  readonly layer: Layer;
  /** The names of the layers that win over it. */
  readonly above: ReadonlySet<string>;
  readonly signatures: LayerPolicy['signatures'];
  readonly keys: LayerPolicy['keys'];
  /** The files by path from the root of the layer. They are read only if somebody asks. */
  committed(): Promise<ReadonlyMap<string, CommittedFile>>;
}

/** A revision in more than one layer. */
export interface Shared {
  readonly id: string;
  /** In rank order. */
  readonly layers: readonly string[];
  readonly sameContent: boolean;
  /** The number of files that have another mode in one of the layers. */
  readonly modes: number;
}

/**
 * A revision of a layer, or one that is new to it, together with what the `others` hold of its package. `above` names
 * the ones among them that win over the layer. `listed` are the files of a revision that the storage doesn't hold.
 */
export async function touchedBy(
  storage: Storage,
  revision: Revision,
  {
    above,
    others,
    listed,
  }: { above: ReadonlySet<string>; others: readonly Layer[]; listed?: RevisionFiles | undefined },
): Promise<Touched> {
  const twins = others.flatMap((other) => other.revisions.filter(({ id }) => id === revision.id));
  const higher = others.filter(({ name }) => above.has(name)).flatMap((other) => other.revisions);
  const isSame = async (twin: Revision): Promise<boolean> =>
    listed ? sameContent(listed, await storage.listFiles(twin)) : await holdSame(storage, revision, twin);
  return {
    id: revision.id,
    version: revision.version,
    where: revision.where,
    above: higher.filter(({ name }) => name === revision.name),
    twins: await Promise.all(
      twins.map(async (twin): Promise<Twin> => ({
        layer: twin.layer,
        isAbove: above.has(twin.layer),
        sameContent: await isSame(twin),
      })),
    ),
  };
}

/**
 * The revisions that several of the layers hold, if at least one of these layers is in `scope`. `layers` are in rank
 * order.
 */
export async function sharedRevisions(
  storage: Storage,
  layers: readonly CheckedLayer[],
  scope: ReadonlySet<string>,
): Promise<Shared[]> {
  const holders = new Map<string, { revision: Revision; at: CheckedLayer }[]>();
  for (const at of layers)
    for (const revision of at.layer.revisions)
      holders.set(revision.id, [...(holders.get(revision.id) ?? []), { revision, at }]);
  const several = [...holders].filter(([, held]) => held.length > 1 && held.some(({ at }) => scope.has(at.layer.name)));
  return await Promise.all(
    several.map(async ([id, held]) => {
      const [first, ...rest] = held as [Held, ...Held[]];
      const same = await Promise.all(rest.map((one) => holdSame(storage, first.revision, one.revision)));
      const modes = await Promise.all(rest.map((one) => differentModes(storage, first, one)));
      return {
        id,
        layers: held.map(({ at }) => at.layer.name),
        sameContent: same.every(Boolean),
        modes: Math.max(...modes),
      };
    }),
  );
}

interface Held {
  readonly revision: Revision;
  readonly at: CheckedLayer;
}

/** How many files of two revisions have different modes. */
async function differentModes(storage: Storage, a: Held, b: Held): Promise<number> {
  if (a.revision.source === b.revision.source) return 0;
  const { files } = await storage.listFiles(a.revision);
  const [own, other] = await Promise.all([a.at.committed(), b.at.committed()]);
  const differs = ({ path }: { path: string }): boolean => {
    const [mode, twin] = [own.get(`${a.revision.where}/${path}`), other.get(`${b.revision.where}/${path}`)];
    return mode !== undefined && twin !== undefined && mode.mode !== twin.mode;
  };
  return files.filter(differs).length;
}

/**
 * The revisions that a layer at `head` has and lacked at `base`, that it no longer has, and that it has with other
 * content.
 */
export async function changedRevisions(
  storage: Storage,
  base: CheckedLayer,
  head: CheckedLayer,
): Promise<{
  added: readonly Revision[];
  removed: readonly Revision[];
  overwritten: readonly { readonly revision: Revision; readonly sameContent: boolean }[];
}> {
  const before = new Map(base.layer.revisions.map((revision) => [revision.id, revision]));
  const after = new Set(head.layer.revisions.map(({ id }) => id));
  const overwritten = head.layer.revisions.flatMap((revision) => {
    const old = before.get(revision.id);
    const isEqual = old?.source === revision.source && old.signature === revision.signature;
    return old && !isEqual ? [{ revision, old }] : [];
  });
  return {
    added: head.layer.revisions.filter(({ id }) => !before.has(id)),
    removed: base.layer.revisions.filter(({ id }) => !after.has(id)),
    overwritten: await Promise.all(
      overwritten.map(async ({ revision, old }) => {
        const isSame = await holdSame(storage, old, revision);
        return { revision, sameContent: isSame && old.signature === revision.signature };
      }),
    ),
  };
}
