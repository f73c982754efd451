import { Lack } from '../lack.ts';
import type { CatFile } from './cat-file.ts';
import { shownText } from '../../tree/text.ts';
import { FOLDER, isInTreeOrder, LINK, nameText, parseTree } from './tree.ts';
import type { TreeEntry } from './tree.ts';

/** An entry of a git tree, as a package can have it. */
export interface NamedEntry {
  readonly name: string;
  readonly id: string;
  readonly kind: 'folder' | 'file' | 'other';
  /** Why a package can't have it; undefined where it can. */
  readonly fault: string | undefined;
}

/** The entries of a tree; a lack where the repository has no such tree, or one that git never writes. */
export async function readNamedTree(objects: CatFile, id: string): Promise<readonly NamedEntry[] | Lack> {
  const bytes = await objects.read(id, 'tree');
  if (bytes instanceof Lack) return bytes;
  const entries = parseTree(bytes, id.length);
  if (!entries) return new Lack('damaged', `the tree ${id} is damaged: its bytes are no tree; ${FSCK}`);
  if (!isInTreeOrder(entries))
    return new Lack('damaged', `the tree ${id} is damaged: its entries are not in git's order; ${FSCK}`);
  const names = new Set<string>();
  return entries.map((entry) => toNamed(entry, names));
}

const FSCK = 'run git fsck in the repository';

/** `names` are those of the entries before it. */
function toNamed({ mode, name: bytes, id }: TreeEntry, names: Set<string>): NamedEntry {
  const text = nameText(bytes);
  const name = text ?? shownText(bytes);
  const isSafe = text !== undefined && !/^\.{0,2}$|\//.test(name) && !names.has(name);
  names.add(name);
  const fault = isSafe ? modeFault(mode) : 'has a name that no file can have (or two have, or that is not UTF-8)';
  return { name, id, fault, kind: fault !== undefined ? 'other' : mode === FOLDER ? 'folder' : 'file' };
}

function modeFault(mode: string): string | undefined {
  if (mode === FOLDER || /^100[0-7]{3}$/.test(mode)) return undefined;
  if (mode === LINK) return 'is a symbolic link';
  return mode === SUBMODULE ? 'is a submodule' : `has the mode ${JSON.stringify(mode)}, which is none of git's`;
}

const SUBMODULE = '160000';
