import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cleanEnvironment } from './cli.ts';

/* Storages for tests: packages as files, folders of layers, and real git repositories. */

/** Path -> content. */
export type Files = Readonly<Record<string, string | Buffer>>;

/** The least that makes a package fit, and more files for it; a file that is given replaces one that is made. */
export function packageFiles(name: string, version: string, more: Files = {}): Files {
  const manifest = `format_version: 3.0.0
name: ${name}
title: ${name.replaceAll('_', ' ')}
description: Made for a test.
version: ${version}
type: integration
categories: [custom]
conditions: {kibana: {version: ^8.0.0}}
owner: {github: acme/tests, type: community}
`;
  const all: Files = { 'manifest.yml': manifest, 'docs/README.md': `# ${name}\n`, ...more };
  return Object.fromEntries(Object.entries(all).map(([path, content]) => [`${name}/${version}/${path}`, content]));
}

/** The files under one folder more. */
export function under(folder: string, ...files: readonly Files[]): Files {
  return Object.fromEntries(
    files.flatMap((some) => Object.entries(some).map(([path, content]) => [`${folder}/${path}`, content])),
  );
}

export function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/**
 * A distributions file that stands alone: one layer a name, one distribution `all` of them, in that order. It has pages for people where
 * `more` says so.
 */
export function distributions(storage: string, layers: readonly string[], more = ''): string {
  const settings = [...(/\bpages:/.test(more) ? [] : ['pages: false']), ...(more === '' ? [] : [more])].join(', ');
  return `registry: 1.40.1
storage: ${JSON.stringify(storage)}
layers: { ${layers.map((layer) => `${JSON.stringify(layer)}: {}`).join(', ')} }
distributions: { all: { layers: ${JSON.stringify(layers)}, ${settings} } }
`;
}

/** One entry of a tree as git has it; `name` may be anything, though no file could be called so. */
export interface TreeEntry {
  readonly mode: '100644' | '120000' | '160000' | '40000';
  readonly name: string | Buffer;
  readonly id: string;
}

/** A repository that is written through plumbing alone: no work tree, no user, no configuration. */
export interface Repository {
  readonly folder: string;
  blob(content: string | Buffer): string;
  /** Writes a tree, whatever its entries are called. */
  tree(entries: readonly TreeEntry[]): string;
  /** A tree of trees, of files by path. */
  treeOf(files: Files): string;
  /** Sets a branch to a commit of a tree, on top of what it was; the commit. */
  commit(branch: string, tree: string): string;
  git(...args: string[]): string;
}

/** Creates a bare repository in a folder that is not there yet. */
export function createRepository(folder: string, format: 'sha1' | 'sha256' = 'sha1'): Repository {
  runGit(['init', '--quiet', '--bare', `--object-format=${format}`, folder]);
  const git = (...args: string[]): string => runGit(['--git-dir', folder, ...args]);
  const write = (type: string, content: string | Buffer): string =>
    runGit(['--git-dir', folder, 'hash-object', '-w', '--literally', '-t', type, '--stdin'], content);
  const tree = (entries: readonly TreeEntry[]): string =>
    write(
      'tree',
      Buffer.concat(
        entries.flatMap(({ mode, name, id }) => [
          Buffer.from(`${mode} `),
          Buffer.from(name),
          Buffer.from([0]),
          Buffer.from(id, 'hex'),
        ]),
      ),
    );
  const treeOf = (files: Files): string => {
    const folders = new Map<string, [string, string | Buffer][]>();
    const entries: TreeEntry[] = [];
    for (const [path, content] of Object.entries(files)) {
      const slash = path.indexOf('/');
      if (slash < 0) entries.push({ mode: '100644', name: path, id: write('blob', content) });
      else {
        const inner = folders.get(path.slice(0, slash)) ?? [];
        inner.push([path.slice(slash + 1), content]);
        folders.set(path.slice(0, slash), inner);
      }
    }
    for (const [name, inner] of folders) entries.push({ mode: '40000', name, id: treeOf(Object.fromEntries(inner)) });
    return tree(entries.sort(byGitOrder));
  };
  return {
    folder,
    blob: (content) => write('blob', content),
    tree,
    treeOf,
    commit: (branch, id) => {
      const parent = git('for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`);
      const commit = git('commit-tree', id, '-m', 'Made for a test', ...(parent === '' ? [] : ['-p', parent]));
      git('update-ref', `refs/heads/${branch}`, commit);
      return commit;
    },
    git,
  };
}

/** Runs git with a made-up user; what it prints. */
export function runGit(args: readonly string[], input: string | Buffer = ''): string {
  return execFileSync('git', args, { env: environment(), input, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 2 ** 28 })
    .toString('utf8')
    .trim();
}

function environment(): Record<string, string> {
  const who = { NAME: 'A Tester', EMAIL: 'tester@example.org', DATE: '2024-01-02T03:04:05Z' };
  const people = ['AUTHOR', 'COMMITTER'].flatMap((role) =>
    Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value] as const),
  );
  return { ...cleanEnvironment(), ...Object.fromEntries(people) };
}

/** Git sorts a folder as if its name ended in a slash. */
export function byGitOrder(a: TreeEntry, b: TreeEntry): number {
  return Buffer.compare(sortKey(a), sortKey(b));
}

function sortKey({ name, mode }: TreeEntry): Buffer {
  return Buffer.concat([Buffer.from(name), Buffer.from(mode === '40000' ? '/' : '')]);
}
