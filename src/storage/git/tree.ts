import { isUtf8 } from 'node:buffer';
import { asByteString } from '../../tree/byte-string.ts';
import type { ByteString } from '../../tree/byte-string.ts';
import { toBytes } from '../../tree/text.ts';

/*
 * Git's tree objects as bytes: for each entry `<mode> <name>`, a NUL byte, and the bytes of the id. Names are byte
 * strings, so that entries which are only passed on don't change.
 */

export interface TreeEntry {
  /** As written in the tree: `40000` for a folder. */
  readonly mode: string;
  readonly name: ByteString;
  readonly id: string;
}

/** A tree entry without its name. */
export type TreeNode = Omit<TreeEntry, 'name'>;

export const FOLDER = '40000';
export const FILE = '100644';
export const EXECUTABLE = '100755';
export const LINK = '120000';

/**
 * The entries of a tree object, in its order; undefined for bytes that are no tree. `idLength` is the length of the repository's
 * ids as text.
 */
export function parseTree(bytes: Buffer, idLength: number): TreeEntry[] | undefined {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at);
    const nul = space < 0 ? -1 : bytes.indexOf(0, space);
    const end = nul + 1 + idLength / 2;
    if (nul < 0 || end > bytes.length) return undefined;
    entries.push({
      mode: bytes.toString('latin1', at, space),
      name: asByteString(bytes.toString('latin1', space + 1, nul)),
      id: bytes.toString('hex', nul + 1, end),
    });
    at = end;
  }
  return entries;
}

/** The bytes of a tree object that has these entries in this order. */
export function formatTree(entries: readonly TreeEntry[]): Buffer {
  return Buffer.concat(
    entries.flatMap(({ mode, name, id }) => [Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(id, 'hex')]),
  );
}

/** The entries with `name` set to a node or removed. All others keep their values and their order. */
export function withEntry(entries: readonly TreeEntry[], name: ByteString, node: TreeNode | undefined): TreeEntry[] {
  const others = entries.filter((entry) => entry.name !== name);
  if (!node) return others;
  const entry = { ...node, name };
  const place = others.findIndex((other) => sortKey(other) > sortKey(entry));
  return place < 0 ? [...others, entry] : [...others.slice(0, place), entry, ...others.slice(place)];
}

/** A name as a text; undefined where it is not UTF-8. */
export function nameText(name: ByteString): string | undefined {
  if (!/[^\x00-\x7f]/.test(name)) return name; // most names by far
  const bytes = toBytes(name);
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** The entries in the order that git has them in. */
export function inTreeOrder(entries: readonly TreeEntry[]): TreeEntry[] {
  return entries.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/** Whether entries are in git's order; equal names may follow each other. */
export function isInTreeOrder(entries: readonly TreeEntry[]): boolean {
  let before = '';
  return entries.every((entry) => {
    const key = sortKey(entry);
    const isInOrder = before <= key;
    before = key;
    return isInOrder;
  });
}

/** Git sorts a folder as if its name ended in a slash. */
function sortKey({ mode, name }: TreeEntry): string {
  return mode === FOLDER ? `${name}/` : name;
}
