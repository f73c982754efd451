import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsence } from '../../errors.ts';
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

/** A commit on the branch of a layer that added or removed revisions. */
export interface LayerCommit {
  readonly commit: string;
  /** In seconds since 1970. */
  readonly time: number;
  /** The same in ISO 8601, where the committer was. */
  readonly date: string;
  /** Places of revisions: `packages/acme/1.0.0`, or a zip's. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * The commits that added or removed revisions of a layer, the newest first. What a commit did whose parents the repository lacks isn't
 * known, so it is left out.
 */
export async function layerHistory({ directory }: At, { commit, packages }: AtCommit): Promise<LayerCommit[]> {
  if (commit === undefined) return [];
  const prefix = packages === '' ? '' : `${packages}/`;
  const places = [`:(glob)${prefix}*/*/manifest.yml`, `:(glob)${prefix}*.zip`];
  const options = ['--first-parent', '-m', '--no-renames', '--diff-filter=AD', '--name-status', '-z', HISTORY_FORMAT];
  const log = await git(['--git-dir', directory, 'log', ...options, '--end-of-options', commit, '--', ...places]);
  const cut = await cutCommits(directory);
  return parseLog(log).filter((one) => !cut.has(one.commit));
}

const HISTORY_FORMAT = '--format=commit%x00%H%x00%ct%x00%cI';

/** Of each commit the word, the id, the time and the date; then the letter of each change and its path, which may have any byte but NUL. */
function parseLog(log: string): LayerCommit[] {
  const found: (LayerCommit & { readonly added: string[]; readonly removed: string[] })[] = [];
  const parts = log.split('\0').values();
  const next = (): string => parts.next().value ?? '';
  for (const part of parts) {
    const word = part.trim();
    if (word === 'commit')
      found.push({ commit: next(), time: Number(next()), date: next().trim(), added: [], removed: [] });
    if (word !== 'A' && word !== 'D') continue;
    const place = next().replace(/\/manifest\.yml$/, '');
    found.at(-1)?.[word === 'A' ? 'added' : 'removed'].push(place);
  }
  return found;
}

/** The commits of a shallow clone whose parents are not in it. */
async function cutCommits(directory: string): Promise<ReadonlySet<string>> {
  try {
    return new Set((await readFile(join(directory, 'shallow'), 'utf8')).split('\n'));
  } catch (error) {
    if (isAbsence(error)) return new Set();
    throw error;
  }
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
