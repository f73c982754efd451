import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../tree/make-folder.ts';
import { cacheFolder } from '../../cache-folders.ts';
import type { Finding } from '../../errors.ts';
import { listKnown, Stop } from '../../errors.ts';
import { shellQuote } from '../../command-line.ts';
import { clearLeftovers, temporaryName } from '../../tree/commit/leftovers.ts';
import { comparePaths } from '../../paths.ts';
import { objectSizes } from './cat-file.ts';
import { git } from './command.ts';
import { findRef, partingFrom, shortName } from './refs.ts';
import type { Named } from './refs.ts';
import { openRepository } from './repository.ts';
import type { Repository } from './repository.ts';
import { shownText } from '../../tree/text.ts';
import { FOLDER, LINK, nameText, parseTree } from './tree.ts';
import type { TreeNode } from './tree.ts';
import type { GitStorage, Layer, LayerSource, PackageFile, Revision, RevisionFiles } from '../storage.ts';
import { listRevisions } from '../listing.ts';
import type { LayerItem } from '../listing.ts';
import { zipPackages } from '../zip-packages.ts';

/**
 * A git repository (bare or not) as a storage. Nothing is checked out: trees and blobs are read by id. `isClone` tells that it
 * is a copy of ours, which nobody must change.
 */
export async function openGitStorage(
  folder: string,
  { cache, isClone }: { cache: string; isClone: boolean },
): Promise<GitStorage> {
  const repository = await openRepository(folder);
  const { directory, objects } = repository;
  clearLeftovers(cacheFolder(cache, 'zips'), '');
  const zips = zipPackages((id) => zipFile(repository, cache, id));
  return {
    kind: 'git',
    repository,
    isClone,
    readLayer: (spec) => readLayer(repository, spec),
    listFiles: (revision) => (revision.zipped ? zips.list(revision, revision.source) : listTree(repository, revision)),
    read: async (content) => (await zips.read(content)) ?? (await objects.read(content)),
    missing: async (contents) => {
      const asked = contents.filter((content) => !zips.holds(content));
      const sizes = await objectSizes(directory, asked);
      return new Set(asked.filter((content) => !sizes.has(content)));
    },
    close: async () => {
      await zips.close();
      await repository.close();
    },
  };
}

async function readLayer(repository: Repository, spec: LayerSource): Promise<Layer> {
  const { objects } = repository;
  const { commit, ref } = await resolveCommit(repository, spec);
  const root = spec.packages === '' ? commit : `${commit}:${spec.packages}`;
  const names = await objects.read(`${root}${spec.packages === '' ? '^{tree}' : ''}`);
  if (!names)
    throw new Stop(
      'no-packages',
      `${spec.name}: ${spec.ref} has no folder "${spec.packages}"`,
      'set `packages` of the layer',
    );
  const items: LayerItem[] = [];
  const findings = await behindOrigin(repository, spec, ref);
  const top = namedEntries(names, commit.length).map((entry) => toItem(entry, ''));
  const inner = await Promise.all(top.map((item) => (item.kind === 'folder' ? objects.read(item.source) : undefined)));
  for (const [i, item] of top.entries()) {
    items.push(item);
    const tree = inner[i];
    if (item.kind === 'folder' && !tree) findings.push(lacking(`${spec.name}: ${spec.packages}/${item.path}`));
    if (tree) items.push(...namedEntries(tree, commit.length).map((entry) => toItem(entry, `${item.path}/`)));
  }
  const listed = listRevisions(spec, items);
  return { name: spec.name, ref: spec.ref, commit, ...listed, findings: [...findings, ...listed.findings] };
}

async function resolveCommit({ directory, folder }: Repository, { name, ref }: LayerSource): Promise<Named> {
  const found = await findRef(directory, ref);
  if (found) return found;
  const spaces = ['refs/heads', 'refs/remotes/origin', 'refs/tags'];
  const listed = await git(['--git-dir', directory, 'for-each-ref', '--format=%(refname:short)', ...spaces]);
  const known = listed.trim().split('\n').slice(0, 20);
  throw new Stop(
    'no-layer',
    `${folder} has no branch, tag or commit "${ref}" (layer ${name})`,
    `it has: ${listKnown(ref, known)}`,
  );
}

/** A warning for a branch that lacks commits of the one at `origin`. */
async function behindOrigin(
  { directory, folder }: Repository,
  { name }: LayerSource,
  ref: string | undefined,
): Promise<Finding[]> {
  const parting = ref === undefined ? undefined : await partingFrom(directory, ref);
  if (ref === undefined || !parting || parting.behind === 0) return [];
  const branch = shortName(ref);
  const move = `git -C ${shellQuote(folder)} fetch . ${shellQuote(`origin/${branch}:${branch}`)}`;
  const ahead = parting.ahead > 0 ? `, and has ${parting.ahead} of its own; merge or rebase it` : `: ${move}`;
  const text = `the branch ${branch} lacks ${parting.behind} ${parting.behind === 1 ? 'commit' : 'commits'} of origin/${branch}${ahead}`;
  return [{ code: 'behind', where: name, text, level: 'warning' }];
}

async function listTree({ objects }: Repository, revision: Revision): Promise<RevisionFiles> {
  const files: PackageFile[] = [];
  const findings: Finding[] = [];
  const walk = async (tree: string, prefix: string): Promise<void> => {
    const bytes = await objects.read(tree);
    if (!bytes) {
      findings.push(lacking(`${revision.layer}: ${revision.where}/${prefix}`));
      return;
    }
    await Promise.all(
      namedEntries(bytes, tree.length).map(async ({ mode, name, id }) => {
        const path = prefix + name;
        if (mode === FOLDER) await walk(id, `${path}/`);
        else if (isFileMode(mode)) files.push({ path, content: id });
        else findings.push(notAFile(`${revision.layer}: ${revision.where}/${path}`, mode));
      }),
    );
  };
  await walk(revision.source, '');
  files.sort((a, b) => comparePaths(a.path, b.path));
  return { files, folders: [], zip: undefined, findings };
}

function lacking(where: string): Finding {
  return { code: 'missing', where, text: 'the repository lacks this folder', level: 'error' };
}

/** An entry of a tree whose name is a text. */
type NamedEntry = TreeNode & { readonly name: string };

/** The entries of a tree with their names as texts; the mode of those whose name no file can have is `unsafe`. */
function namedEntries(tree: Buffer, idLength: number): NamedEntry[] {
  const names = new Set<string>();
  return parseTree(tree, idLength).map((entry) => {
    const text = nameText(entry.name);
    const name = text ?? shownText(entry.name);
    const isSafe = text !== undefined && !/^\.{0,2}$|\//.test(name) && !names.has(name);
    names.add(name);
    return { mode: isSafe ? entry.mode : UNSAFE, name, id: entry.id };
  });
}

const UNSAFE = 'unsafe';

function toItem({ mode, name, id }: NamedEntry, prefix: string): LayerItem {
  const kind = mode === FOLDER ? 'folder' : isFileMode(mode) ? 'file' : 'other';
  return { path: prefix + name, kind, source: id };
}

function isFileMode(mode: string): boolean {
  return mode.startsWith('100');
}

function notAFile(where: string, mode: string): Finding {
  const link = mode === LINK ? 'is a symbolic link' : 'is a submodule';
  const text = mode === UNSAFE ? 'has a name that no file can have (or two have, or that is not UTF-8)' : link;
  return { code: 'unfit', where, text, level: 'error' };
}

/** yauzl needs a file in which it can seek, so a zip that is a blob is written beside the clone once. */
async function zipFile({ objects }: Repository, cache: string, id: string): Promise<string> {
  const file = join(cacheFolder(cache, 'zips'), `${id}.zip`);
  const bytes = await objects.read(id);
  if (!bytes) throw new Stop('missing', `the repository lacks the zip ${id}`);
  makeFolder(dirname(file));
  await writeFile(temporaryName(file), bytes);
  await rename(temporaryName(file), file);
  return file;
}
