import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { BROWSE } from './layout.ts';

/** The digests of a site manifest, each a SHA-256 in hex. */
export interface ManifestDigests {
  /** Of the lines before those of pages for people: what the registry answers, which depends on the contents of the layers alone. */
  readonly manifest: string;
  /** Of all lines, where there are pages. These also show dates, which follow from the history of a storage. */
  readonly tree?: string | undefined;
}

/** The digest of a whole site manifest, all parts together. Sites with the same one are the same, byte by byte. */
export function treeDigest({ manifest, tree }: ManifestDigests): string {
  return tree ?? manifest;
}

/** Whether a site manifest has the digests that somebody names. A site of an older build names only that of the whole. */
export function hasDigests(own: ManifestDigests, named: ManifestDigests): boolean {
  const isOfAnswers = named.tree === undefined || named.manifest === own.manifest;
  return isOfAnswers && treeDigest(named) === treeDigest(own);
}

export interface ManifestHash {
  /** Takes whole lines, in the order of the manifest. */
  update(lines: Buffer): void;
  /** Ends the hash. */
  digests(): ManifestDigests;
}

/** Hashes a site manifest, in which the lines of pages for people come last. */
export function manifestHash(): ManifestHash {
  const answers = createHash('sha256');
  let tree: Hash | undefined; // begins with the first page
  return {
    update: (lines) => {
      if (tree) return void tree.update(lines);
      const end = lines.indexOf(PAGE);
      answers.update(end < 0 ? lines : lines.subarray(0, end));
      if (end >= 0) tree = answers.copy().update(lines.subarray(end));
    },
    digests: () => ({ manifest: answers.digest('hex'), ...(tree && { tree: tree.digest('hex') }) }),
  };
}

/** How the line of a page begins. No other text has this: inside one, its quotes would be escaped. */
const PAGE = `{"path":"${BROWSE}/`;
