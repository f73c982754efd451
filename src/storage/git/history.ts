import type { Layer } from '../storage.ts';
import { git, GitFailure } from './command.ts';
import { objectSizes } from './cat-file.ts';
import type { Repository } from './repository.ts';

/*
 * What a repository knows about a layer besides its revisions: when they were added, modes and sizes of files, messages
 * of commits.
 */

/** A file in a commit. */
export interface CommittedFile {
  readonly mode: string;
  readonly content: string;
  /** In bytes; undefined where the repository lacks the content. */
  readonly size: number | undefined;
}

type At = Pick<Repository, 'directory'>;
type AtCommit = Pick<Layer, 'commit'> & { readonly packages: string };

/** Every file of a layer at its commit, by its path from the root. */
export async function committedFiles(
  { directory }: At,
  { commit, packages }: AtCommit,
): Promise<ReadonlyMap<string, CommittedFile>> {
  if (commit === undefined) return new Map();
  const args = ['ls-tree', '-r', '-z', '--full-tree', commit, `${packages || '.'}/`];
  const listed = (await git(['--git-dir', directory, ...args])).split('\0').flatMap((line) => {
    const [, mode, content, path] = /^(\d+) \S+ (\S+)\t([^]+)$/.exec(line) ?? [];
    return mode === undefined || content === undefined || path === undefined ? [] : { mode, content, path };
  });
  const sizes = await objectSizes(directory, [...new Set(listed.map(({ content }) => content))]);
  return new Map(listed.map(({ mode, content, path }) => [path, { mode, content, size: sizes.get(content) }]));
}

/**
 * When each revision came to its layer: place (`packages/acme/1.0.0`, or a zip's) -> the date of the commit, ISO 8601, that last
 * added it to the branch.
 */
export async function arrivals(
  { directory }: At,
  { commit, packages }: AtCommit,
): Promise<ReadonlyMap<string, string>> {
  if (commit === undefined) return new Map();
  const prefix = packages === '' ? '' : `${packages}/`;
  const places = [`:(glob)${prefix}*/*/manifest.yml`, `:(glob)${prefix}*.zip`];
  const options = ['--first-parent', '-m', '--no-renames', '--diff-filter=A', '--name-only', '-z', '--format=%x01%cI'];
  const log = await git(['--git-dir', directory, 'log', ...options, '--end-of-options', commit, '--', ...places]);
  const found = new Map<string, string>();
  let date = '';
  for (const token of log.split(/\0/)) {
    const text = token.replace(/^\n/, '');
    if (text.startsWith('\x01')) date = text.slice(1).trim();
    else if (text !== '') {
      const place = text.replace(/\/manifest\.yml$/, '');
      if (!found.has(place)) found.set(place, date);
    }
  }
  return found;
}

/** The commit that two commits have in common; undefined where they have none, which git says by status 1. */
export async function mergeBase({ directory }: At, a: string, b: string): Promise<string | undefined> {
  try {
    return (await git(['--git-dir', directory, 'merge-base', a, b])).trim();
  } catch (error) {
    if (error instanceof GitFailure && error.status === 1) return undefined;
    throw error;
  }
}

/** The messages of the commits that `head` has and `base` lacks, newest first. */
export async function messages({ directory }: At, base: string, head: string): Promise<string[]> {
  const log = await git(['--git-dir', directory, 'log', '-z', '--format=%B', '--end-of-options', `${base}..${head}`]);
  return log.split('\0').filter((message) => message.trim() !== '');
}

/** Whether the repository has a tag of this name. */
export async function hasTag({ directory }: At, tag: string): Promise<boolean> {
  return (await git(['--git-dir', directory, 'for-each-ref', '--format=%(refname)', `refs/tags/${tag}`])) !== '';
}
