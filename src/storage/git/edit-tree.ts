import { Stop } from '../../errors.ts';
import type { Repository } from './repository.ts';
import { toByteString } from '../../tree/text.ts';
import { FOLDER, withEntry } from './tree.ts';
import type { TreeEntry, TreeNode } from './tree.ts';

/** The node that a path of a tree gets; undefined removes the path. */
export interface TreeEdit {
  /** Parts joined by `/`. */
  readonly path: string;
  readonly node: TreeNode | undefined;
}

type Trees = Pick<Repository, 'readTree' | 'writeTree'>;

/**
 * The id of a tree that differs from `root` only by the edits; every other entry keeps its bytes. Folders that become
 * empty are removed, except `kept` and those around it, which stay as empty trees. Throws a `Stop` if a file is in the
 * place of a folder.
 */
export async function editTree(
  trees: Trees,
  root: string,
  { edits, kept }: { edits: readonly TreeEdit[]; kept: string },
): Promise<string> {
  const written = await edit(trees, await trees.readTree(root), { edits, at: '', kept });
  return written ?? (await trees.writeTree([]));
}

/** The node at a path of a tree. Undefined if there is none. */
export async function nodeAt(trees: Trees, root: string, path: string): Promise<TreeNode | undefined> {
  let node: TreeNode | undefined = { mode: FOLDER, id: root };
  for (const part of path.split('/').map(toByteString)) {
    if (node?.mode !== FOLDER) return undefined;
    const entries: readonly TreeEntry[] = await trees.readTree(node.id);
    node = entries.find((entry) => entry.name === part);
  }
  return node && { mode: node.mode, id: node.id };
}

/** Files by path as a tree. */
export async function writeFolder(
  trees: Trees,
  files: readonly { readonly path: string; readonly node: TreeNode }[],
): Promise<string> {
  return (await edit(trees, [], { edits: files, at: '', kept: '' })) ?? (await trees.writeTree([]));
}

/** Undefined if nothing is left. */
async function edit(
  trees: Trees,
  before: readonly TreeEntry[],
  { edits, at, kept }: { edits: readonly TreeEdit[]; at: string; kept: string },
): Promise<string | undefined> {
  let entries = before;
  const inner = new Map<string, TreeEdit[]>();
  for (const { path, node } of edits) {
    const slash = path.indexOf('/');
    if (slash < 0) entries = withEntry(entries, toByteString(path), node);
    else {
      const name = path.slice(0, slash);
      inner.set(name, [...(inner.get(name) ?? []), { path: path.slice(slash + 1), node }]);
    }
  }
  for (const [name, below] of inner) {
    const known = entries.find((entry) => entry.name === toByteString(name));
    const path = at === '' ? name : `${at}/${name}`;
    const isAdding = below.some(({ node }) => node !== undefined);
    if (known && known.mode !== FOLDER) {
      if (isAdding)
        throw new Stop(
          'not-a-folder',
          `${path} is a file, and has to be a folder`,
          'remove the file from the layer first',
        );
      continue;
    }
    if (!known && !isAdding) continue;
    const id = await edit(trees, known ? await trees.readTree(known.id) : [], { edits: below, at: path, kept });
    entries = withEntry(entries, toByteString(name), id === undefined ? undefined : { mode: FOLDER, id });
  }
  const stays = at === '' || kept === at || kept.startsWith(`${at}/`);
  return entries.length > 0 || stays ? await trees.writeTree(entries) : undefined;
}
