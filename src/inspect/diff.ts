import type { Finding } from '../errors.ts';
import { walkOrder } from '../paths.ts';
import { compareText } from '../tree/text.ts';
import { noticed } from './client-impact.ts';
import type { Noticed, NoticedColumns } from './client-impact.ts';

/*
 * The difference between two states of the same packages. Each state is a side, whether it was read from a site or a
 * storage; the comparison knows sides only.
 */

/** A revision of one side. */
export interface SideRevision {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** The layer that it comes from. Undefined if the side doesn't tell. */
  readonly layer: string | undefined;
  /** Equal on both sides only if the content is equal. */
  readonly identity: string;
}

/** A revision that clients don't get, because a higher layer holds it, too. */
export interface HiddenRevision {
  readonly id: string;
  readonly layer: string;
  /** The layer whose revision clients get. */
  readonly by: string;
  /** As that of a `SideRevision`. */
  readonly identity: string;
  readonly sameContent: () => Promise<boolean>;
}

/** One state: a site, a layer at a commit, or a distribution. */
export interface Side {
  /** The user's name for it, with its commits. */
  readonly title: string;
  /** Sides of different kinds name contents differently, and can't be compared. */
  readonly kind: 'site' | 'storage';
  /** Warnings about its layers. */
  readonly findings: readonly Finding[];
  /** Revisions of lower layers that the same ones in higher layers hide. */
  readonly hidden: readonly HiddenRevision[];
  /** In the order of answers. */
  readonly revisions: readonly SideRevision[];
  /** Path -> an id of the content. */
  files(revision: SideRevision): Promise<ReadonlyMap<string, string>>;
  /** The columns of all revisions of these names, and the ids of those that are unfit. */
  columns(names: ReadonlySet<string>): Promise<{ columns: NoticedColumns; unfit: readonly string[] }>;
}

export interface DiffReport {
  readonly before: string;
  readonly after: string;
  readonly added: readonly DiffRevision[];
  readonly removed: readonly DiffRevision[];
  readonly changed: readonly ChangedRevision[];
  /** The same content, from another layer. */
  readonly moved: readonly { readonly id: string; readonly from: string; readonly to: string }[];
  /** Changes of lower layers that no client sees. */
  readonly hidden: readonly HiddenChange[];
  /** By package. */
  readonly noticed: readonly Noticed[];
  /** The ids that client impact leaves out, because a build would refuse them. */
  readonly unfit: readonly string[];
  /** Warnings about the storage and its layers. */
  readonly findings: readonly Finding[];
}

/** A change of a revision that a higher layer hides. */
export interface HiddenChange {
  readonly id: string;
  readonly layer: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly by: string;
  /** Whether the higher layer's has the same content. */
  readonly sameContent: boolean;
}

export interface DiffRevision {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly layer?: string | undefined;
}

export interface ChangedRevision extends DiffRevision {
  readonly files: readonly { readonly path: string; readonly change: 'added' | 'removed' | 'changed' }[];
}

/** Compares two sides of one kind. */
export async function compareSides(before: Side, after: Side): Promise<DiffReport> {
  const [old, now] = [byId(before), byId(after)];
  const common = after.revisions.flatMap((right) => {
    const left = old.get(right.id);
    return left ? [{ left, right }] : [];
  });
  const compared = await Promise.all(
    common
      .filter(({ left, right }) => left.identity !== right.identity)
      .map(async ({ left, right }) => {
        const files = changedFiles(await before.files(left), await after.files(right));
        return Object.assign(summary(right), { files });
      }),
  );
  const added = after.revisions.filter(({ id }) => !old.has(id)).map(summary);
  const removed = before.revisions.filter(({ id }) => !now.has(id)).map(summary);
  const changed = compared.filter(({ files }) => files.length > 0);
  const moved = common.flatMap(({ left, right }) =>
    left.layer !== undefined && right.layer !== undefined && left.layer !== right.layer
      ? [{ id: right.id, from: left.layer, to: right.layer }]
      : [],
  );
  const names = new Set([...added, ...removed, ...changed].map(({ name }) => name));
  const [left, right] = [await before.columns(names), await after.columns(names)];
  const inOrder = [...names].sort(compareText);
  return {
    before: before.title,
    after: after.title,
    added,
    removed,
    changed,
    moved: moved.filter(({ id }) => !changed.some((one) => one.id === id)),
    hidden: await hiddenChanges(before, after),
    noticed: noticed(left.columns, right.columns, inOrder),
    unfit: [...new Set([...left.unfit, ...right.unfit])],
    findings: uniqueFindings([...before.findings, ...after.findings]),
  };
}

/** The changes among what is hidden on either side. One that clients see on the other side is told of there. */
async function hiddenChanges(before: Side, after: Side): Promise<HiddenChange[]> {
  const [old, now] = [before, after].map(({ hidden }) => new Map(hidden.map((one) => [keyOf(one), one])));
  const [seenBefore, seenAfter] = [before, after].map(({ revisions }) => new Set(revisions.map(keyOf)));
  const changes = [
    ...after.hidden.flatMap((one) => {
      const same = old?.get(keyOf(one));
      if (seenBefore?.has(keyOf(one)) === true || same?.identity === one.identity) return [];
      return [{ one, change: same ? ('changed' as const) : ('added' as const) }];
    }),
    ...before.hidden.flatMap((one) => {
      const isThere = now?.has(keyOf(one)) === true || seenAfter?.has(keyOf(one)) === true;
      return isThere ? [] : [{ one, change: 'removed' as const }];
    }),
  ];
  return await Promise.all(
    changes.map(async ({ one: { id, layer, by, sameContent }, change }) => {
      return { id, layer, change, by, sameContent: await sameContent() };
    }),
  );
}

function keyOf({ id, layer }: { readonly id: string; readonly layer: string | undefined }): string {
  return `${layer ?? ''} ${id}`;
}

function uniqueFindings(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [`${one.where} ${one.text}`, one])).values()];
}

function changedFiles(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): ChangedRevision['files'] {
  const paths = walkOrder([...new Set([...before.keys(), ...after.keys()])]);
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, change: !before.has(path) ? 'added' : after.has(path) ? 'changed' : 'removed' }));
}

function byId({ revisions }: Side): Map<string, SideRevision> {
  return new Map(revisions.map((revision) => [revision.id, revision]));
}

function summary({ id, name, version, layer }: SideRevision): DiffRevision {
  return { id, name, version, ...(layer !== undefined && { layer }) };
}
