import type { Finding } from '../../errors.ts';
import { excess, excessText } from '../../limits.ts';
import type { Limits } from '../../limits.ts';
import { comparePaths } from '../../paths.ts';
import { Lack } from '../lack.ts';
import { measure, unlisted } from '../measure.ts';
import type { PackageFile, Revision, RevisionFiles } from '../storage.ts';
import type { NamedEntry } from './named-tree.ts';

/** Reads a tree by its id. */
type ReadTree = (id: string) => Promise<readonly NamedEntry[] | Lack>;

export interface TreeSource {
  readonly readTree: ReadTree;
  /** Sizes in bytes by id, of contents that are there. */
  sizes(contents: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/**
 * The files of a revision that is a git tree. Trees may share what is in them, so that a few objects are more files than any disk
 * holds. Therefore the files are counted first, each tree once.
 */
export async function listTree(source: TreeSource, revision: Revision, limits: Limits): Promise<RevisionFiles> {
  const place = `${revision.layer}: ${revision.where}`;
  const read = onceEach(source.readTree);
  const text = await treeExcess(revision.source, read, limits);
  if (text !== undefined) return unlisted([{ code: 'limit', where: place, text, level: 'error' }]);
  const files: PackageFile[] = [];
  const findings: Finding[] = [];
  const walk = async (id: string, prefix: string): Promise<void> => {
    const entries = await read(id);
    if (entries instanceof Lack) {
      findings.push({ ...entries, where: `${place}/${prefix}`, level: 'error' });
      return;
    }
    for (const { kind, name, id: inner, fault } of entries) {
      const path = prefix + name;
      if (kind === 'folder') await walk(inner, `${path}/`);
      else if (fault === undefined) files.push({ path, content: inner });
      else findings.push({ code: 'unfit', where: `${place}/${path}`, text: fault, level: 'error' });
    }
  };
  await walk(revision.source, '');
  const sizes = await source.sizes(files.map(({ content }) => content));
  const measured = files.map((file) => ({ ...file, size: sizes.get(file.content) }));
  const tooLarge = measure(revision, { files: measured, folders: [] }, limits);
  if (tooLarge.length > 0) return unlisted(tooLarge);
  files.sort((a, b) => comparePaths(a.path, b.path));
  return { files, folders: [], zip: undefined, findings };
}

function onceEach(read: ReadTree): ReadTree {
  const trees = new Map<string, ReturnType<ReadTree>>();
  return (id) => {
    const tree = trees.get(id) ?? read(id);
    trees.set(id, tree);
    return tree;
  };
}

/** What is below a tree: its files and folders, and how many folders are in each other at the deepest place. */
interface Extent {
  readonly entries: number;
  readonly height: number;
}

/** What is too large in a tree; undefined where nothing is. */
async function treeExcess(root: string, read: ReadTree, limits: Limits): Promise<string | undefined> {
  const known = new Map<string, Promise<Extent>>();
  let seen = 0;
  const extent = async (id: string, depth: number): Promise<Extent> => {
    if (depth > limits.depth || seen > limits.entries) return { entries: 0, height: 0 };
    const found = known.get(id) ?? extentAnew(id, depth);
    known.set(id, found);
    return await found;
  };
  const extentAnew = async (id: string, depth: number): Promise<Extent> => {
    const entries = await read(id);
    if (entries instanceof Lack) return { entries: 0, height: 0 };
    seen += entries.length;
    const folders = entries.filter(({ kind }) => kind === 'folder');
    const inner = await Promise.all(folders.map((folder) => extent(folder.id, depth + 1)));
    return {
      entries: inner.reduce((sum, one) => sum + one.entries, entries.length),
      height: inner.reduce((most, one) => Math.max(most, one.height + 1), 0),
    };
  };
  const { entries, height } = await extent(root, 0);
  if (seen > limits.entries) return excessText(limits, 'entries');
  return height > limits.depth ? excessText(limits, 'depth') : excess(limits, 'entries', entries);
}
