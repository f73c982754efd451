import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Finding } from '../../errors.ts';
import { Stop } from '../../errors.ts';
import { clearLeftovers, temporaryName } from '../../tree/commit/leftovers.ts';
import { comparePaths } from '../../paths.ts';
import { missingObjects, openCatFile } from './cat-file.ts';
import type { CatFile } from './cat-file.ts';
import { git, withoutCredentials } from './command.ts';
import type { Layer, LayerSource, PackageFile, Revision, RevisionFiles, Storage } from '../storage.ts';
import { listRevisions } from '../listing.ts';
import type { Entry } from '../listing.ts';
import { zipPackages } from '../zip-packages.ts';

/** A git repository (bare or not) as a storage. Nothing is checked out: trees and blobs are read by id. */
export async function openGitStorage(repository: string, cache: string): Promise<Storage> {
  const directory = (await git(['-C', repository, 'rev-parse', '--absolute-git-dir'])).trim();
  const objects = await openCatFile(directory);
  await clearLeftovers(join(cache, 'zips'), '');
  const zips = zipPackages((id) => zipFile(objects, cache, id));
  return {
    kind: 'git',
    repository: directory,
    readLayer: (spec) => readLayer({ directory, repository, objects }, spec),
    listFiles: (revision) => (revision.zipped ? zips.list(revision, revision.source) : listTree(objects, revision)),
    read: async (content) => (await zips.read(content)) ?? (await objects.read(content)),
    missing: (contents) =>
      missingObjects(
        directory,
        contents.filter((content) => !zips.holds(content)),
      ),
    close: async () => {
      await zips.close();
      await objects.close();
    },
  };
}

/**
 * A local bare clone of a bundle or of a repository elsewhere, made under `cache` and fetched again on later builds.
 * Throws a `Stop` where there is no clone yet and `offline` forbids to make one.
 */
export async function cloneStorage(
  source: string,
  { cache, offline }: { cache: string; offline: boolean },
): Promise<string> {
  const shown = withoutCredentials(source);
  const key = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const clone = join(cache, 'git', `${basename(shown).replace(/[^A-Za-z0-9._-]/g, '_')}-${key}`);
  const isFile = await stat(source).then(
    (found) => found.isFile(),
    () => false,
  );
  await clearLeftovers(dirname(clone), basename(clone));
  if (await exists(join(clone, 'HEAD'))) {
    if (!offline || isFile) await fetchInto(clone, source);
    return clone;
  }
  if (offline && !isFile) throw new Stop('offline', `${shown} was never fetched`, 'run once without --offline');
  const temporary = temporaryName(clone);
  await mkdir(dirname(clone), { recursive: true });
  try {
    await git(['clone', '--quiet', '--bare', '--', source, temporary]);
    await git(['--git-dir', temporary, 'config', '--remove-section', 'remote.origin']); // the URL may hold a password
    await rename(temporary, clone).catch(async (error: unknown) => {
      if (!(await exists(join(clone, 'HEAD')))) throw error; // another build was first
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return clone;
}

/** Fetches into the clone; where another build is fetching into it as well, git refuses one of them, which tries again. */
async function fetchInto(clone: string, source: string): Promise<void> {
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  for (let tries = 1; ; tries++)
    try {
      await git(['--git-dir', clone, 'fetch', '--quiet', '--prune', '--no-auto-gc', '--', source, ...refs]);
      return;
    } catch (error) {
      if (tries === MOST_TRIES || !/lock/.test((error as Error).message)) throw error;
      await pause(100 * tries);
    }
}

const MOST_TRIES = 5;

async function readLayer(
  { directory, repository, objects }: { directory: string; repository: string; objects: CatFile },
  spec: LayerSource,
): Promise<Layer> {
  const commit = await resolveCommit(directory, repository, spec);
  const root = spec.packages === '' ? commit : `${commit}:${spec.packages}`;
  const names = await objects.read(`${root}${spec.packages === '' ? '^{tree}' : ''}`);
  if (!names)
    throw new Stop(
      'no-packages',
      `${spec.name}: ${spec.ref} has no folder "${spec.packages}"`,
      'set `packages` of the layer',
    );
  const entries: Entry[] = [];
  const findings: Finding[] = [];
  const top = parseTree(names, commit).map(toEntry);
  const inner = await Promise.all(
    top.map((entry) => (entry.kind === 'folder' ? objects.read(entry.source) : undefined)),
  );
  for (const [i, entry] of top.entries()) {
    entries.push(entry);
    const tree = inner[i];
    if (entry.kind === 'folder' && !tree) findings.push(lacking(`${spec.name}: ${spec.packages}/${entry.path}`));
    if (tree) entries.push(...parseTree(tree, commit).map((e) => toEntry({ ...e, name: `${entry.path}/${e.name}` })));
  }
  const listed = listRevisions(spec, entries);
  return { name: spec.name, ref: spec.ref, commit, ...listed, findings: [...findings, ...listed.findings] };
}

async function resolveCommit(directory: string, repository: string, { name, ref }: LayerSource): Promise<string> {
  try {
    return (
      await git(['--git-dir', directory, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])
    ).trim();
  } catch (error) {
    const branches = await git([
      '--git-dir',
      directory,
      'for-each-ref',
      '--format=%(refname:short)',
      'refs/heads',
      'refs/tags',
    ]);
    const known = branches.trim().split('\n').slice(0, 20).join(', ');
    throw new Stop(
      'no-layer',
      `${repository} has no branch, tag or commit "${ref}" (layer ${name})`,
      `it has: ${known}`,
      error,
    );
  }
}

async function listTree(objects: CatFile, revision: Revision): Promise<RevisionFiles> {
  const files: PackageFile[] = [];
  const findings: Finding[] = [];
  const walk = async (tree: string, prefix: string): Promise<void> => {
    const bytes = await objects.read(tree);
    if (!bytes) {
      findings.push(lacking(`${revision.layer}: ${revision.where}/${prefix}`));
      return;
    }
    await Promise.all(
      parseTree(bytes, tree).map(async ({ mode, name, id }) => {
        const path = prefix + name;
        if (mode === '40000') await walk(id, `${path}/`);
        else if (isFileMode(mode)) files.push({ path, content: id });
        else
          findings.push({
            code: 'unfit',
            where: `${revision.layer}: ${revision.where}/${path}`,
            text: nonFile(mode),
            level: 'error',
          });
      }),
    );
  };
  await walk(revision.source, '');
  files.sort((a, b) => comparePaths(a.path, b.path));
  return { files, zip: undefined, findings };
}

function lacking(where: string): Finding {
  return { code: 'missing', where, text: 'the repository lacks this folder', level: 'error' };
}

interface TreeEntry {
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

/**
 * The entries of a tree object: `<mode> <name>`, NUL, and the id's bytes. `sibling` is any id of the same repository:
 * it tells how long an id is (20 bytes, or 32 in a SHA-256 repository).
 */
function parseTree(bytes: Buffer, sibling: string): TreeEntry[] {
  const entries: TreeEntry[] = [];
  const names = new Set<string>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at);
    const nul = bytes.indexOf(0, space);
    const end = nul + 1 + sibling.length / 2;
    const raw = bytes.subarray(space + 1, nul);
    const name = raw.toString('utf8');
    const isSafe = isUtf8(raw) && !/^\.{0,2}$|\//.test(name) && !names.has(name);
    names.add(name);
    entries.push({
      mode: isSafe ? bytes.toString('latin1', at, space) : 'unsafe',
      name,
      id: bytes.toString('hex', nul + 1, end),
    });
    at = end;
  }
  return entries;
}

function toEntry({ mode, name, id }: TreeEntry): Entry {
  return { path: name, kind: mode === '40000' ? 'folder' : isFileMode(mode) ? 'file' : 'other', source: id };
}

function isFileMode(mode: string): boolean {
  return mode.startsWith('100');
}

function nonFile(mode: string): string {
  if (mode === 'unsafe') return 'has a name that no file can have (or two have, or that is not UTF-8)';
  return mode === '120000' ? 'is a symbolic link' : 'is a submodule';
}

/** yauzl seeks in a file, so a zip that is a blob is put beside the clone once. */
async function zipFile(objects: CatFile, cache: string, id: string): Promise<string> {
  const file = join(cache, 'zips', `${id}.zip`);
  const bytes = await objects.read(id);
  if (!bytes) throw new Stop('missing', `the repository lacks the zip ${id}`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(temporaryName(file), bytes);
  await rename(temporaryName(file), file);
  return file;
}

async function exists(path: string): Promise<boolean> {
  return await open(path).then(
    async (handle) => (await handle.close(), true),
    () => false,
  );
}
