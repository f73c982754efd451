import { sameContent } from '../catalog/merge.ts';
import type { Layer, Revision, Storage } from '../storage/storage.ts';
import type { CommittedFile } from '../storage/git/history.ts';
import type { Touched, Twin } from './policy.ts';

/*
 * The same revision in several layers, or in one layer at two commits.
 */

/** A layer as it is checked. */
export interface CheckedLayer {
  readonly layer: Layer;
  /** The names of the layers that win over it. */
  readonly above: ReadonlySet<string>;
  /** By path from the layer's root; asked for only where it is needed. */
  committed(): Promise<ReadonlyMap<string, CommittedFile>>;
}

/** A revision that more than one layer holds. */
export interface Shared {
  readonly id: string;
  /** In rank order. */
  readonly layers: readonly string[];
  readonly sameContent: boolean;
  /** How many files have another mode in one of the layers. */
  readonly modes: number;
}

/** A revision of a layer beside what the others hold of it. */
export async function touchedBy(
  storage: Storage,
  revision: Revision,
  { layer, others }: { layer: CheckedLayer; others: readonly CheckedLayer[] },
): Promise<Touched> {
  const twins = others.flatMap((other) => {
    const twin = other.layer.revisions.find(({ id }) => id === revision.id);
    return twin ? [{ twin, other }] : [];
  });
  const higher = others.filter((other) => layer.above.has(other.layer.name));
  const own = higher.flatMap((other) => other.layer.revisions).filter(({ name }) => name === revision.name);
  return {
    id: revision.id,
    version: revision.version,
    where: revision.where,
    above: own.map(({ version, layer: inLayer }) => ({ version, layer: inLayer })),
    twins: await Promise.all(
      twins.map(async ({ twin, other }): Promise<Twin> => {
        const [mine, theirs] = [
          { revision, at: layer },
          { revision: twin, at: other },
        ];
        const { sameContent: isSame, modes } = await compareRevisions(storage, mine, theirs);
        const { name } = other.layer;
        return { layer: name, isAbove: layer.above.has(name), sameContent: isSame, modes };
      }),
    ),
  };
}

/** Those revisions that several of the layers, given in rank order, hold; at least one of the holders is in `scope`. */
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
      const compared = await Promise.all(rest.map((one) => compareRevisions(storage, first, one)));
      return {
        id,
        layers: held.map(({ at }) => at.layer.name),
        sameContent: compared.every((one) => one.sameContent),
        modes: Math.max(...compared.map(({ modes }) => modes)),
      };
    }),
  );
}

interface Held {
  readonly revision: Revision;
  readonly at: CheckedLayer;
}

/** Whether two revisions hold the same, and how many of their files have another mode. */
export async function compareRevisions(
  storage: Storage,
  a: Held,
  b: Held,
): Promise<Pick<Twin, 'sameContent' | 'modes'>> {
  if (a.revision.source === b.revision.source) return { sameContent: true, modes: 0 };
  const [left, right] = await Promise.all([storage.listFiles(a.revision), storage.listFiles(b.revision)]);
  const [own, other] = await Promise.all([a.at.committed(), b.at.committed()]);
  const differs = ({ path }: { path: string }): boolean => {
    const [mode, twin] = [own.get(`${a.revision.where}/${path}`), other.get(`${b.revision.where}/${path}`)];
    return mode !== undefined && twin !== undefined && mode.mode !== twin.mode;
  };
  return { sameContent: sameContent(left, right), modes: left.files.filter(differs).length };
}

/** What a layer at `head` has that it lacked at `base`, has no more, and has otherwise. */
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
        const compared = await compareRevisions(storage, { revision: old, at: base }, { revision, at: head });
        return { revision, sameContent: compared.sameContent && old.signature === revision.signature };
      }),
    ),
  };
}
