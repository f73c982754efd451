import { branchesBelow, deleteBranch, isHeldBy } from '../storage/git/refs.ts';
import type { Workflow } from './open.ts';

/**
 * Deletes the branches of earlier promotions that are merged: their layer, here or at `origin`, has the commit or what it changes.
 * Branches that are checked out stay, and those in `kept`. Returns the names of those that were deleted.
 */
export async function deleteMerged(
  { repository, layers }: Pick<Workflow, 'repository' | 'layers'>,
  kept: ReadonlySet<string | undefined>,
): Promise<string[]> {
  const { directory } = repository;
  const checkedOut = await repository.checkedOut();
  const deleted: string[] = [];
  for (const { name, ref, commit } of await branchesBelow(directory, 'refs/heads/promote/')) {
    const layer = layers.find(({ policy }) => new RegExp(`-(to|from)-${escaped(policy.name)}$`).test(name));
    if (!layer || kept.has(name) || checkedOut.has(ref) || !(await isHeldBy(directory, commit, layer.branch))) continue;
    await deleteBranch(directory, ref, commit);
    deleted.push(name);
  }
  return deleted;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
