import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stop } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { Lack } from '../lack.ts';
import { openCatFile } from './cat-file.ts';
import type { CatFile } from './cat-file.ts';
import { git } from './command.ts';
import { formatTree, parseTree } from './tree.ts';
import type { TreeEntry } from './tree.ts';

/** A git repository that is changed through its objects and refs alone, without an index or a work tree. */
export interface Repository {
  /** The folder that was opened. */
  readonly folder: string;
  /** The git directory. */
  readonly directory: string;
  /** Its objects, all through one process. */
  readonly objects: CatFile;
  /** The commit of a branch, or of any ref by its full name. Undefined if there is none. */
  commitOf(ref: string): Promise<string | undefined>;
  /** The id of the tree of a commit. */
  treeOf(commit: string): Promise<string>;
  /** Throws a `Stop` if the repository lacks the tree. */
  readTree(id: string): Promise<readonly TreeEntry[]>;
  writeTree(entries: readonly TreeEntry[]): Promise<string>;
  /** Writes contents one after the other, and returns their ids. */
  writeBlobs(contents: readonly (() => Promise<Buffer>)[]): Promise<string[]>;
  /**
   * Makes a commit. Author and date are those of git's configuration and environment. Throws a `Stop` if these have
   * none.
   */
  writeCommit(commit: { tree: string; parents: readonly string[]; message: string }): Promise<string>;
  /** Makes an annotated tag, with git's author and date. Throws a `Stop` if the name is taken. */
  writeTag(name: string, tag: { commit: string; message: string }): Promise<void>;
  /**
   * Moves all of the refs or none, each from its expected commit (git-update-ref(1), "--stdin"). Throws a `Stop` with
   * the code `moved` if a ref has another commit by now.
   */
  move(moves: readonly Move[], why: string): Promise<void>;
  /** The full names of the branches that are checked out in a work tree. */
  checkedOut(): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

/**
 * The move of a ref from one commit to another. `from` is undefined if the ref must not exist yet. Equal commits mean
 * that it must not have moved.
 */
export interface Move {
  /** The full name. */
  readonly ref: string;
  readonly from: string | undefined;
  readonly to: string;
}

/** Runs git in a repository and gives what it prints, trimmed. */
type Own = (args: readonly string[], input?: string | Uint8Array) => Promise<string>;

/** Opens the repository in a folder, bare or with a work tree. Objects beyond the limits are not read. */
export async function openRepository(folder: string, limits: Limits): Promise<Repository> {
  const directory = (await git(['-C', folder, 'rev-parse', '--absolute-git-dir'])).trim();
  const own: Own = async (args, input) => (await git(['--git-dir', directory, ...args], input)).trim();
  const objects = await openCatFile(directory, limits);
  const written = new Map<string, string>();
  let identity: Promise<void> | undefined;
  return {
    folder,
    directory,
    objects,
    commitOf: async (ref) => {
      const full = fullName(ref);
      const found = await own(['for-each-ref', '--format=%(refname) %(objectname) %(*objectname)', full]);
      const line = found.split('\n').find((one) => one.startsWith(`${full} `));
      const [, id, peeled] = line?.split(' ') ?? [];
      return peeled || id;
    },
    treeOf: async (commit) =>
      written.get(commit) ?? (await own(['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`])),
    readTree: async (id) => {
      const bytes = await objects.read(id, 'tree');
      const entries = bytes instanceof Lack ? undefined : parseTree(bytes, id.length);
      if (entries) return entries;
      const why = bytes instanceof Lack ? bytes.text : 'its bytes are no tree';
      throw new Stop('missing', `${folder} has no tree ${id}: ${why}`, 'git fsck tells more');
    },
    writeTree: async (entries) =>
      await own(['hash-object', '-w', '--literally', '-t', 'tree', '--stdin'], formatTree(entries)),
    writeBlobs: async (contents) => await writeBlobs(own, contents),
    writeCommit: async ({ tree, parents, message }) => {
      await (identity ??= checkIdentity(own));
      const on = parents.flatMap((parent) => ['-p', parent]);
      const commit = await own(['commit-tree', tree, ...on, '-F', '-'], message);
      written.set(commit, tree);
      return commit;
    },
    writeTag: async (name, { commit, message }) => {
      await (identity ??= checkIdentity(own));
      await own(['tag', '--annotate', '-F', '-', name, commit], message);
    },
    move: async (moves, why) => {
      if (moves.length > 0) await moveRefs(own, moves, why);
    },
    checkedOut: async () => {
      const lines = (await own(['worktree', 'list', '--porcelain'])).split('\n');
      return new Set(lines.flatMap((line) => /^branch (.+)$/.exec(line)?.[1] ?? []));
    },
    close: () => objects.close(),
  };
}

/** `refs/heads/<name>`, or the name itself if it is a full one. */
export function fullName(ref: string): string {
  return ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
}

async function checkIdentity(own: Own): Promise<void> {
  try {
    for (const name of ['GIT_AUTHOR_IDENT', 'GIT_COMMITTER_IDENT']) await own(['var', name]);
  } catch (error) {
    const hint = 'git config --global user.name "Your Name", and user.email';
    throw new Stop('no-identity', "git doesn't know whose commits these are", hint, error);
  }
}

/**
 * Runs one git process for all contents. Each content goes through a file; its name is a number, because any path would
 * do.
 */
async function writeBlobs(own: Own, contents: readonly (() => Promise<Buffer>)[]): Promise<string[]> {
  if (contents.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), 'epr-static-'));
  try {
    const paths: string[] = [];
    for (const [i, read] of contents.entries()) {
      const path = join(folder, String(i));
      await writeFile(path, await read());
      paths.push(path);
    }
    const args = ['hash-object', '-w', '--no-filters', '--stdin-paths'];
    return (await own(args, `${paths.join('\n')}\n`)).split('\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function moveRefs(own: Own, moves: readonly Move[], why: string): Promise<void> {
  const zero = '0'.repeat(moves[0]?.to.length ?? 40);
  const lines = moves.map(({ ref, from = zero, to }) =>
    from === to ? `verify ${ref} ${to}\n` : `update ${ref} ${to} ${from}\n`,
  );
  const args = ['update-ref', '-m', why, '--stdin'];
  await own(args, lines.join('')).catch((error: unknown) => {
    const text = error instanceof Stop ? error.message : '';
    if (!/cannot lock ref|unable to resolve|but expected|already exists|File exists/i.test(text)) throw error;
    const names = moves.map(({ ref }) => ref.replace(/^refs\/(heads|tags)\//, ''));
    throw new Stop(
      'moved',
      `${names.join(' or ')} was moved by somebody else meanwhile; nothing of this step was done (${text})`,
      'run the command again: it starts from what is there now',
      error,
    );
  });
}
