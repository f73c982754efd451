import type { CatFile } from './cat-file.ts';
import { git, GitFailure } from './command.ts';

/*
 * Branches and other refs by name. A layer may exist only as `origin/<name>`, as in a clone that nobody has checked the branch
 * out in.
 */

/** What a name stands for. */
export interface Named {
  readonly commit: string;
  /** The full name of the branch or tag; undefined for any other way to name a commit. */
  readonly ref: string | undefined;
}

/** Finds commits by names of any kind; undefined for a name that stands for none. */
export type FindCommits = (names: readonly string[]) => Promise<(string | undefined)[]>;

/** Finds commits by the process that reads the objects of a repository. */
export function commitsBy({ look }: Pick<CatFile, 'look'>): FindCommits {
  return async (names) => {
    const found = await Promise.all(names.map((name) => look(`${name}^{commit}`)));
    return found.map((facts) => facts?.id);
  };
}

/** Finds commits by a process of its own. */
function commitsIn(directory: string): FindCommits {
  return async (names) => {
    const asked = names.map((name) => `${name}^{commit}\n`);
    const printed = await git(['--git-dir', directory, 'cat-file', '--batch-check'], asked.join(''));
    return printed
      .split('\n')
      .slice(0, names.length)
      .map((line) => /^([0-9a-f]+) commit /.exec(line)?.[1]);
  };
}

/**
 * What a name stands for: a branch, a branch of `origin`, a tag, or whatever else git understands, in this order. Undefined if it
 * stands for no commit.
 */
export async function findRef(findCommits: FindCommits, name: string): Promise<Named | undefined> {
  if (/[\0\n]/.test(name)) return undefined;
  const places = isPlain(name) ? NAMESPACES.map((space) => `${space}${name}`) : [];
  const commits = await findCommits([...places, name]);
  const at = commits.findIndex((commit) => commit !== undefined);
  const commit = commits[at];
  if (commit === undefined) return undefined;
  return { commit, ref: places[at] ?? (name.startsWith('refs/') ? name : undefined) };
}

const NAMESPACES = ['refs/heads/', 'refs/remotes/origin/', 'refs/tags/'];

/** A full name, and one such as HEAD or FETCH_HEAD, means one thing only. */
function isPlain(name: string): boolean {
  return !/^(refs\/|@|([A-Z]+_)?HEAD\b)/.test(name);
}

/** The short name of a branch: `staging` of `refs/heads/staging`, `origin/staging` of `refs/remotes/origin/staging`. */
export function shortName(ref: string): string {
  return ref.replace(/^refs\/(heads|tags|remotes)\//, '');
}

/** The full name of `origin`'s branch of the same name. */
export function remoteName(branch: string): string {
  return branch.replace(/^refs\/heads\//, 'refs/remotes/origin/');
}

/** How far a branch and the one of the same name at `origin` went since they parted. */
export interface Parting {
  /** Commits that the branch has and origin's lacks. */
  readonly ahead: number;
  readonly behind: number;
}

/** How a branch, by its full name, differs from that of `origin`. Undefined if they don't differ, or if `origin` has none. */
export async function partingFrom(
  directory: string,
  branch: string,
  findCommits: FindCommits,
): Promise<Parting | undefined> {
  const theirs = remoteName(branch);
  if (theirs === branch) return undefined;
  const [own, other] = await findCommits([branch, theirs]);
  if (own === undefined || other === undefined || own === other) return undefined;
  const args = ['rev-list', '--left-right', '--count', `${own}...${other}`, '--'];
  const [ahead = 0, behind = 0] = (await git(['--git-dir', directory, ...args])).trim().split('\t').map(Number);
  return { ahead, behind };
}

/** The branch on which a repository describes itself. */
export interface DefaultBranch {
  /** `main`, or `origin/main` where only `origin` has it. */
  readonly name: string;
  readonly commit: string;
}

/**
 * The branches on which a repository may describe itself, the likeliest first. Of a bare repository these are the one that HEAD
 * names, and `main`. In a repository with a work tree, HEAD names whatever somebody is working on, perhaps a change that wants
 * other rules for itself; so these are the one that `origin` calls its default, and `main`. HEAD counts only if neither exists.
 */
export async function defaultBranches(directory: string): Promise<DefaultBranch[]> {
  const own = async (...args: string[]): Promise<string> => (await git(['--git-dir', directory, ...args])).trim();
  const target = async (ref: string): Promise<string | undefined> => {
    const full = await own('symbolic-ref', '--quiet', ref).catch((error: unknown) => {
      if (error instanceof GitFailure && error.status === 1) return undefined; // not there, or no symbolic ref
      throw error;
    });
    return full?.replace(/^refs\/(heads|remotes\/origin)\//, '');
  };
  const isBare = (await own('rev-parse', '--is-bare-repository')) === 'true';
  const first = await branchNamed(directory, await target(isBare ? 'HEAD' : 'refs/remotes/origin/HEAD'));
  const found = [first, await branchNamed(directory, 'main')].filter((branch) => branch !== undefined);
  return found.length > 0 ? found : [(await branchNamed(directory, await target('HEAD'))) ?? []].flat();
}

async function branchNamed(directory: string, name: string | undefined): Promise<DefaultBranch | undefined> {
  const found = name === undefined ? undefined : await findRef(commitsIn(directory), name);
  if (!found?.ref || found.ref.startsWith('refs/tags/')) return undefined;
  return { name: shortName(found.ref), commit: found.commit };
}

/** Whether a repository has a remote of this name. */
export async function hasRemote(directory: string, name: string): Promise<boolean> {
  return (await git(['--git-dir', directory, 'remote'])).split('\n').includes(name);
}

/** The branches whose full names begin with a prefix that ends in a slash. */
export async function branchesBelow(
  directory: string,
  prefix: string,
): Promise<{ readonly name: string; readonly ref: string; readonly commit: string }[]> {
  const format = '--format=%(objectname) %(refname)';
  const lines = (await git(['--git-dir', directory, 'for-each-ref', format, prefix])).split('\n').filter(Boolean);
  return lines.map((line) => {
    const [commit = '', ref = ''] = line.split(' ');
    return { name: shortName(ref), ref, commit };
  });
}

/**
 * Whether a branch, or that of `origin`, has a commit; or what it is made on, and everything as the commit left it, as after a merge
 * that made one new commit of it.
 */
export async function isHeldBy(directory: string, commit: string, branch: string): Promise<boolean> {
  const own = async (...args: string[]): Promise<string> => await git(['--git-dir', directory, ...args]);
  const listed = await own('for-each-ref', '--format=%(refname)', branch, remoteName(branch));
  const changes = (await own('diff-tree', '-r', '-z', '--no-commit-id', '--no-renames', commit)).split('\0');
  const wanted = changes.flatMap((head, i) => {
    const [, mode = '', , id = ''] = head.split(' ');
    return head.startsWith(':') ? [{ id: Number(mode) === 0 ? undefined : id, path: changes[i + 1] ?? '' }] : [];
  });
  const has = async (ref: string, commits: string): Promise<boolean> =>
    (await own('rev-list', '--max-count=1', commits, `^${ref}`)) === '';
  for (const ref of listed.split('\n').filter(Boolean)) {
    if (await has(ref, commit)) return true;
    if (!(await has(ref, `${commit}^@`))) continue;
    const asked = wanted.map(({ path }) => `${ref}:${path}\n`).join('');
    if (wanted.length === 0 || wanted.some(({ path }) => path.includes('\n'))) continue;
    const found = (await git(['--git-dir', directory, 'cat-file', '--batch-check'], asked)).split('\n');
    if (wanted.every(({ id }, i) => /^([0-9a-f]+) blob /.exec(found[i] ?? '')?.[1] === id)) return true;
  }
  return false;
}

/** Deletes a branch, given by its full name, unless it has moved from the commit. */
export async function deleteBranch(directory: string, ref: string, commit: string): Promise<void> {
  await git(['--git-dir', directory, 'update-ref', '-d', ref, commit]);
}
