import pLimit from 'p-limit';
import { excess, excessText } from '../../limits.ts';
import type { Limits } from '../../limits.ts';
import { Lack } from '../lack.ts';
import type { NamedEntry } from './named-tree.ts';

/** Reads a tree by its id. */
type ReadTree = (id: string) => Promise<readonly NamedEntry[] | Lack>;

export interface TreeSource {
  readonly readTree: ReadTree;
  /** Sizes in bytes by id, of contents that are there. */
  sizes(contents: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** What is below a tree: its files and folders, their bytes, and how many folders are in each other at the deepest place. */
export interface TreeExtent {
  readonly entries: number;
  readonly bytes: number;
  readonly height: number;
}

/** The extent of a tree, or words for what is too large in it. What the repository lacks counts as nothing. */
export type MeasureTree = (root: string) => Promise<TreeExtent | string>;

/**
 * Measures trees. Trees may share what is in them, so that a few objects are more files than any disk holds: each tree is read once,
 * however many trees hold it, and nothing below one that is too large.
 */
export function treeMeasurer(source: TreeSource, limits: Limits): MeasureTree {
  const known = new Map<string, TreeExtent | string>();
  /** How high trees are at least that were left for the sake of their depth. */
  const heights = new Map<string, number>();
  const trees = askedTrees(source, limits);
  const ask = (id: string): void => {
    if (!known.has(id)) trees.ask(id);
  };
  const tooDeep = excessText(limits, 'depth');
  const measure = async (id: string, depth: number): Promise<TreeExtent | string> => {
    const found = known.get(id);
    if (found !== undefined) return found;
    if (depth + (heights.get(id) ?? 0) > limits.depth) return tooDeep;
    const extent = await join(await trees.take(id), depth);
    if (extent === tooDeep) heights.set(id, limits.depth - depth + 1);
    else known.set(id, extent);
    return extent;
  };
  const join = async ({ entries, bytes, folders }: TreeFacts, depth: number): Promise<TreeExtent | string> => {
    folders.forEach(ask);
    let sum: TreeExtent = { entries, bytes, height: 0 };
    for (const folder of folders) {
      if (sum.entries > limits.entries) break;
      const inner = await measure(folder, depth + 1);
      if (typeof inner === 'string') return inner;
      const height = Math.max(sum.height, inner.height + 1);
      sum = { entries: sum.entries + inner.entries, bytes: sum.bytes + inner.bytes, height };
    }
    return sum.entries > limits.entries ? excessText(limits, 'entries') : sum;
  };
  const oneAtATime = pLimit(1);
  return async (root) => {
    ask(root);
    const extent = await oneAtATime(() => measure(root, 0));
    return typeof extent === 'string' ? extent : (excess(limits, 'depth', extent.height) ?? extent);
  };
}

/** What is directly in a tree. */
interface TreeFacts {
  readonly entries: number;
  readonly bytes: number;
  readonly folders: readonly string[];
}

/** Reads trees ahead of the moment when they are needed. */
function askedTrees({ readTree, sizes }: TreeSource, limits: Limits) {
  const asked = new Map<string, Promise<TreeFacts>>();
  const read = async (id: string): Promise<TreeFacts> => {
    const entries = await readTree(id);
    if (entries instanceof Lack) return { entries: 0, bytes: 0, folders: [] };
    if (entries.length > limits.entries) return { entries: entries.length, bytes: 0, folders: [] };
    const files = entries.flatMap((one) => (one.kind === 'file' ? one.id : []));
    const found = await sizes(files);
    return {
      entries: entries.length,
      bytes: files.reduce((sum, file) => sum + (found.get(file) ?? 0), 0),
      folders: entries.flatMap((one) => (one.kind === 'folder' ? one.id : [])),
    };
  };
  const ask = (id: string): Promise<TreeFacts> => {
    const facts = asked.get(id) ?? read(id);
    asked.set(id, facts);
    facts.catch(() => undefined); // whoever takes it gets the error
    return facts;
  };
  return {
    ask: (id: string): void => void ask(id),
    take: async (id: string): Promise<TreeFacts> => {
      const facts = ask(id);
      asked.delete(id);
      return await facts;
    },
  };
}
