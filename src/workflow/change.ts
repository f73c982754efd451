import { Stop } from '../errors.ts';
import { editTree } from '../storage/git/edit-tree.ts';
import type { TreeEdit } from '../storage/git/edit-tree.ts';
import type { OpenLayer, Workflow } from './open.ts';
import { shortName } from '../storage/git/refs.ts';
import { fullName } from '../storage/git/repository.ts';
import type { Move } from '../storage/git/repository.ts';

/** One commit on a layer. */
export interface Change {
  readonly layer: OpenLayer;
  readonly edits: readonly TreeEdit[];
  /** The name of its branch, if the layer's own branch isn't moved. */
  readonly branch: string;
  /** The title of the pull request, and the first line of the commit message. */
  readonly title: string;
  /** The text of the pull request, and the rest of the commit message. */
  readonly text: string;
}

/** What became of a change. */
export interface ChangeReport {
  readonly layer: string;
  /** The layer's own branch. */
  readonly target: string;
  readonly title: string;
  readonly text: string;
  /** The branch that has it: its own, or the layer's. Undefined if there was nothing to do. */
  readonly branch: string | undefined;
  readonly commit: string | undefined;
  /** `done`: the layer has it already; `there`: its branch does; `planned`: a dry run. */
  readonly state: 'made' | 'there' | 'done' | 'planned';
  /** `origin`'s branch, if the layer had no branch here and was given one on top of that. */
  readonly startedFrom?: string;
}

type Repositories = Pick<Workflow, 'repository'>;

/** Makes a separate branch for a change, on top of the layer. Throws a `Stop` if a different branch has that name. */
export async function makeBranch({ repository }: Repositories, change: Change): Promise<ChangeReport> {
  const { layer, edits, branch, title, text } = change;
  const report = { layer: layer.policy.name, target: layer.policy.ref, title, text, branch };
  const kept = layer.policy.packages;
  const existing = await repository.commitOf(branch);
  if (existing !== undefined) {
    const tree = await repository.treeOf(existing);
    if ((await editTree(repository, tree, { edits, kept })) === tree)
      return { ...report, commit: existing, state: 'there' };
    const hint = `delete it: git branch -D ${branch}`;
    throw new Stop('branch-exists', `the branch ${branch} is there and holds something else`, hint);
  }
  const commit = await writeChange(repository, change, layer.commit);
  await repository.move([{ ref: fullName(branch), from: undefined, to: commit }], title);
  return { ...report, commit, state: 'made' };
}

/**
 * Puts changes on top of their layers, one commit for each, and moves all branches at once. `unmoved` are refs that must not
 * have moved. If a branch or one of these moved, it does nothing and throws a `Stop` with the code `moved`.
 */
export async function applyChanges(
  { repository }: Repositories,
  changes: readonly Change[],
  unmoved: readonly Move[] = [],
): Promise<{ reports: ChangeReport[]; moves: Move[] }> {
  const reports: ChangeReport[] = [];
  const tips = new Map<string, Move>();
  for (const change of changes) {
    const { policy, branch, commit, from } = change.layer;
    const isNew = from !== branch;
    const tip = tips.get(branch) ?? { ref: branch, from: isNew ? undefined : commit, to: commit };
    const to = await writeChange(repository, change, tip.to);
    tips.set(branch, { ...tip, to });
    const { title, text } = change;
    const at = { layer: policy.name, target: policy.ref, branch: policy.ref, commit: to };
    const report = { ...at, title, text, state: 'made' } as const;
    reports.push(isNew ? { ...report, startedFrom: shortName(from) } : report);
  }
  const [first] = changes;
  if (!first) return { reports: [], moves: [] };
  const why = changes.length === 1 ? first.title : `${first.title}, and ${changes.length - 1} more`;
  await repository.move([...unmoved, ...tips.values()], why);
  return { reports, moves: [...tips.values()].map(({ ref, to }) => ({ ref, from: to, to })) };
}

/** The report of a change that isn't made, because it was made before or because this is a dry run. */
export function unmade({ layer, title, text, branch }: Change, state: 'done' | 'planned'): ChangeReport {
  return {
    layer: layer.policy.name,
    target: layer.policy.ref,
    title,
    text,
    branch: state === 'planned' ? branch : undefined,
    commit: undefined,
    state,
  };
}

/**
 * Throws a `Stop` if a work tree has one of the layers' branches checked out, since moving the branch would leave it
 * outdated.
 */
export async function refuseCheckedOut({ repository }: Repositories, layers: readonly OpenLayer[]): Promise<void> {
  const checkedOut = await repository.checkedOut();
  const found = layers.find(({ branch }) => checkedOut.has(branch));
  if (found)
    throw new Stop(
      'checked-out',
      `the branch ${found.policy.ref} is checked out in a work tree, which --apply would leave behind`,
      'check out another branch (git switch --detach), or leave --apply away and merge the branch that is made',
    );
}

async function writeChange(
  repository: Workflow['repository'],
  { layer, edits, title, text }: Change,
  parent: string,
): Promise<string> {
  const kept = layer.policy.packages;
  const tree = await editTree(repository, await repository.treeOf(parent), { edits, kept });
  return await repository.writeCommit({ tree, parents: [parent], message: `${title}\n\n${text}\n` });
}
