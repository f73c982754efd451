import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Changes storages: bare repositories by git's plumbing, without a work tree or a copy of the packages, and folders.
 */

/** Runs git on a bare repository and returns its output. Throws if git fails. */
export function git(
  repository: string,
  args: readonly string[],
  { input = '', env = {} }: { input?: string | Buffer; env?: Record<string, string> } = {},
): Buffer {
  const { status, stdout, stderr, error } = spawnSync('git', ['--git-dir', repository, ...args], {
    input,
    env: { ...process.env, ...AUTHOR, ...env },
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${error?.message ?? stderr.toString('utf8')}`);
  return stdout;
}

const AUTHOR = {
  GIT_AUTHOR_NAME: 'bench',
  GIT_AUTHOR_EMAIL: 'bench@localhost',
  GIT_COMMITTER_NAME: 'bench',
  GIT_COMMITTER_EMAIL: 'bench@localhost',
};

/** Copies a bare repository; objects are hard links where they can be. */
export function copyRepository(from: string, to: string): string {
  const { status, stderr } = spawnSync('git', ['clone', '--quiet', '--bare', from, to]);
  if (status !== 0) throw new Error(`git clone: ${stderr.toString('utf8')}`);
  return to;
}

/** Extracts every branch of a bare repository into a folder with its name, unless the folder exists. */
export function extractBranches(repository: string, folder: string): string {
  if (existsSync(folder)) return folder;
  const temporary = `${folder}.tmp`;
  for (const branch of branchesOf(repository)) {
    mkdirSync(join(temporary, branch), { recursive: true });
    const command = 'git --git-dir "$0" archive --format=tar "$1" | tar -x -C "$2"';
    const { status } = spawnSync('sh', ['-c', command, repository, branch, join(temporary, branch)]);
    if (status !== 0) throw new Error(`the branch ${branch} can't be extracted`);
  }
  renameSync(temporary, folder);
  return folder;
}

function branchesOf(repository: string): string[] {
  const listed = git(repository, ['for-each-ref', '--format=%(refname:short)', 'refs/heads/']);
  return listed.toString('utf8').trim().split('\n');
}

/** One more revision: the last one of a package in the layer `from`, as `version` in the layer `to`. */
export interface NewRevision {
  readonly from: string;
  readonly to: string;
  readonly version: string;
}

/** Adds a revision to a folder of layers. The result removes it again. */
export function addFolderRevision(folder: string, { from, to, version }: NewRevision): () => void {
  const { name, last } = chosen((inner) => readdirSync(join(folder, from, inner)));
  const target = join(folder, to, 'packages', name, version);
  const isNew = !existsSync(join(target, '..'));
  cpSync(join(folder, from, 'packages', name, last), target, { recursive: true });
  const manifest = join(target, 'manifest.yml');
  writeFileSync(manifest, withVersion(readFileSync(manifest, 'utf8'), last, version));
  return () => rmSync(isNew ? join(target, '..') : target, { recursive: true });
}

/** A package that most storages have, and the last of its versions in the order of names. */
function chosen(names: (folder: string) => string[]): { name: string; last: string } {
  const packages = names('packages');
  const name = packages.includes('nginx') ? 'nginx' : (packages[0] ?? '');
  return { name, last: names(`packages/${name}`).toSorted().at(-1) ?? '' };
}

/** Adds a revision to a bare repository, by a commit on the branch `to`. */
export function addRevision(repository: string, { from, to, version }: NewRevision): void {
  const index = `${repository}/bench-index`;
  // `read-tree --prefix` needs a work tree, which it doesn't touch.
  const env = { GIT_INDEX_FILE: index, GIT_WORK_TREE: repository };
  const run = (args: string[], input = ''): string => git(repository, args, { input, env }).toString('utf8');
  const { name, last } = chosen((inner) =>
    run(['ls-tree', '-d', '--name-only', `${from}:${inner}`])
      .trim()
      .split('\n'),
  );
  const source = `${from}:packages/${name}/${last}`;
  const manifest = withVersion(run(['cat-file', 'blob', `${source}/manifest.yml`]), last, version);
  const blob = run(['hash-object', '-w', '--stdin'], manifest).trim();
  const entries = run(['ls-tree', source]).replace(/^(100\d+ blob) \w+\tmanifest\.yml$/m, `$1 ${blob}\tmanifest.yml`);
  const tree = run(['mktree'], entries).trim();
  rmSync(index, { force: true });
  run(['read-tree', to]);
  run(['read-tree', `--prefix=packages/${name}/${version}/`, tree]);
  const commit = run(['commit-tree', run(['write-tree']).trim(), '-p', to, '-m', `add ${name} ${version}`]).trim();
  run(['update-ref', `refs/heads/${to}`, commit]);
  rmSync(index, { force: true });
}

/** Adds to every branch every one of its revisions under three more versions: major + 100, + 200 and + 300. */
export function makeFourTimes(repository: string): void {
  const parts: Buffer[] = [];
  for (const branch of branchesOf(repository).map((name) => `refs/heads/${name}`)) {
    const head = `commit ${branch}\ncommitter bench <bench@localhost> 0 +0000\ndata 10\ntimes four\nfrom ${branch}^0\n`;
    parts.push(Buffer.from(head));
    for (const revision of listRevisions(repository, branch)) parts.push(...tripled(revision));
    parts.push(Buffer.from('\n'));
  }
  git(repository, ['fast-import', '--quiet'], { input: Buffer.concat(parts) });
}

interface Revision {
  readonly name: string;
  readonly version: string;
  readonly tree: string;
  readonly manifest: string;
}

function listRevisions(repository: string, branch: string): Revision[] {
  const listed = git(repository, ['ls-tree', '-r', '-d', '-z', branch, 'packages/']).toString('utf8').split('\0');
  const found = listed.flatMap((line) => {
    const [, tree, name, version] = /^040000 tree (\w+)\tpackages\/([^/]+)\/([^/]+)$/.exec(line) ?? [];
    return tree !== undefined && name !== undefined && version !== undefined ? [{ tree, name, version }] : [];
  });
  const input = found.map(({ tree }) => `${tree}:manifest.yml\n`).join('');
  const manifests = git(repository, ['cat-file', '--batch'], { input });
  let at = 0;
  return found.map((revision) => {
    const start = manifests.indexOf(10, at) + 1;
    const size = Number(/ blob (\d+)\n$/.exec(manifests.toString('latin1', at, start))?.[1]);
    if (Number.isNaN(size)) throw new Error(`${revision.name} ${revision.version} has no manifest.yml`);
    at = start + size + 1;
    const manifest = manifests.toString('utf8', start, start + size);
    return { name: revision.name, version: revision.version, tree: revision.tree, manifest };
  });
}

function tripled({ name, version, tree, manifest }: Revision): Buffer[] {
  return [100, 200, 300].flatMap((more) => {
    const raised = version.replace(/^\d+/, (major) => String(Number(major) + more));
    const path = `packages/${name}/${raised}`;
    const content = Buffer.from(withVersion(manifest, version, raised));
    return [
      Buffer.from(`M 040000 ${tree} ${path}\nM 100644 inline ${path}/manifest.yml\ndata ${content.length}\n`),
      content,
      Buffer.from('\n'),
    ];
  });
}

/** Keeps the quotes and comments of the line. */
function withVersion(manifest: string, from: string, to: string): string {
  return manifest.replace(/^version:.*$/m, (line) => (line.includes(from) ? line.replace(from, to) : `version: ${to}`));
}
