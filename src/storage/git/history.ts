import { git } from './command.ts';
import type { Layer, Storage } from '../storage.ts';

/* What a repository knows of a layer beyond its revisions: when they came, modes and sizes, what a change says of itself. */

/** A file as a commit has it. */
export interface CommittedFile {
  readonly mode: string;
  readonly content: string;
  /** Undefined where the repository lacks the content. */
  readonly size: number | undefined;
}

type Repository = Pick<Storage, 'repository'>;
type AtCommit = Pick<Layer, 'commit'> & { readonly packages: string };

/** Every file of a layer at its commit, by its path from the root; none for a folder, which has neither modes nor commits. */
export async function committedFiles(
  { repository }: Repository,
  { commit, packages }: AtCommit,
): Promise<ReadonlyMap<string, CommittedFile>> {
  if (repository === undefined || commit === undefined) return new Map();
  const list = async (...options: string[]): Promise<string> =>
    await git([
      '--git-dir',
      repository,
      'ls-tree',
      '-r',
      '-z',
      '--full-tree',
      ...options,
      commit,
      `${packages || '.'}/`,
    ]);
  const listed = await list('-l').catch(() => list()); // a lacking content has no size, and fails -l as a whole
  const files = new Map<string, CommittedFile>();
  for (const line of listed.split('\0')) {
    const [, mode, content, size, path] = /^(\d+) \S+ (\S+)(?: +(\d+|-))?\t([^]+)$/.exec(line) ?? [];
    if (mode === undefined || content === undefined || path === undefined) continue;
    files.set(path, { mode, content, size: /^\d+$/.test(size ?? '') ? Number(size) : undefined });
  }
  return files;
}

/**
 * When each revision came to its layer: place (`packages/acme/1.0.0`, or a zip's) -> the date of the commit, ISO 8601, that last
 * added it to the branch. Nothing is known of a folder.
 */
export async function arrivals(
  { repository }: Repository,
  { commit, packages }: AtCommit,
): Promise<ReadonlyMap<string, string>> {
  if (repository === undefined || commit === undefined) return new Map();
  const prefix = packages === '' ? '' : `${packages}/`;
  const places = [`:(glob)${prefix}*/*/manifest.yml`, `:(glob)${prefix}*.zip`];
  const options = ['--first-parent', '-m', '--no-renames', '--diff-filter=A', '--name-only', '-z', '--format=%x01%cI'];
  const log = await git(['--git-dir', repository, 'log', ...options, '--end-of-options', commit, '--', ...places]);
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

/** The commit that two branches have in common; undefined where they have none. */
export async function mergeBase({ repository }: Repository, a: string, b: string): Promise<string | undefined> {
  if (repository === undefined) return undefined;
  const found = await git(['--git-dir', repository, 'merge-base', a, b]).catch(() => '');
  return found.trim() || undefined;
}

/** The messages of the commits that `head` has and `base` lacks, the newest first. */
export async function messages({ repository }: Repository, base: string, head: string): Promise<string[]> {
  if (repository === undefined) return [];
  const log = await git(['--git-dir', repository, 'log', '-z', '--format=%B', '--end-of-options', `${base}..${head}`]);
  return log.split('\0').filter((message) => message.trim() !== '');
}
