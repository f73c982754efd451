import { Stop } from '../errors.ts';
import type { Revision } from '../storage/storage.ts';
import { nodeAt } from '../storage/git/edit-tree.ts';
import type { TreeEdit } from '../storage/git/edit-tree.ts';
import type { OpenLayer } from './open.ts';
import type { Repository } from '../storage/git/repository.ts';
import type { TreeNode } from '../storage/git/tree.ts';

/** The places of a revision in a layer, and what is there. */
export interface Held {
  readonly folder?: TreeNode | undefined;
  readonly folderSignature?: TreeNode | undefined;
  readonly zip?: TreeNode | undefined;
  readonly zipSignature?: TreeNode | undefined;
}

type Id = Pick<Revision, 'name' | 'version'>;

/**
 * What the commit of a layer holds of a revision, as the tree has it, with modes. Throws a `Stop` if it holds the
 * revision twice, as a folder and as a zip, because a change would lose one of them.
 */
export async function heldAt(repository: Repository, { commit, policy }: OpenLayer, id: Id): Promise<Held> {
  const root = await repository.treeOf(commit);
  const paths = pathsOf(policy.packages, id);
  const [folder, folderSignature, zip, zipSignature] = await Promise.all([
    nodeAt(repository, root, paths.folder),
    nodeAt(repository, root, paths.folderSignature),
    nodeAt(repository, root, paths.zip),
    nodeAt(repository, root, paths.zipSignature),
  ]);
  if (folder && zip)
    throw new Stop('twice', `${policy.name} holds ${paths.folder} and ${paths.zip}`, 'remove one of them first');
  return { folder, folderSignature, zip, zipSignature };
}

/** The edits after which a layer holds exactly this of a revision. */
export function editsTo(packages: string, id: Id, held: Held): TreeEdit[] {
  const paths = pathsOf(packages, id);
  return [
    { path: paths.folder, node: held.folder },
    { path: paths.folderSignature, node: held.folderSignature },
    { path: paths.zip, node: held.zip },
    { path: paths.zipSignature, node: held.zipSignature },
  ];
}

/** The place of a revision in a layer, in one form. */
export function pathOf(packages: string, id: Id, form: 'folder' | 'zip'): string {
  return pathsOf(packages, id)[form];
}

function pathsOf(packages: string, { name, version }: Id): Record<keyof Held, string> {
  const path = (place: string): string => (packages === '' ? place : `${packages}/${place}`);
  return {
    folder: path(`${name}/${version}`),
    folderSignature: path(`${name}/${version}.sig`),
    zip: path(`${name}-${version}.zip`),
    zipSignature: path(`${name}-${version}.zip.sig`),
  };
}
