import type { Finding } from '../../errors.ts';
import { Stop } from '../../errors.ts';
import { listKnown } from '../../near-match.ts';
import { shellQuote } from '../../command-line.ts';
import { excess } from '../../limits.ts';
import type { Limits } from '../../limits.ts';
import { Lack } from '../lack.ts';
import { listRevisions } from '../listing.ts';
import type { LayerItem } from '../listing.ts';
import type { Layer, LayerSource } from '../storage.ts';
import { FSCK } from './cat-file.ts';
import { git, GitFailure } from './command.ts';
import { readNamedTree } from './named-tree.ts';
import type { NamedEntry } from './named-tree.ts';
import { commitsBy, findRef, partingFrom, shortName } from './refs.ts';
import type { Named } from './refs.ts';
import type { Repository } from './repository.ts';

/** The revisions of a layer. Throws a `Stop` if the repository has no such layer. */
export async function readLayer(repository: Repository, spec: LayerSource, limits: Limits): Promise<Layer> {
  const { commit, ref } = await resolveCommit(repository, spec);
  const top = await packagesFolder(repository, commit, spec);
  const layer = { name: spec.name, ref: spec.ref, commit };
  const refused = (text: string): Layer => ({
    ...layer,
    revisions: [],
    findings: [{ code: 'limit', where: `${spec.name}: ${spec.packages || '.'}`, text, level: 'error' }],
  });
  const folders = top.filter(({ kind }) => kind === 'folder');
  const tooMany = excess(limits, 'packages', folders.length);
  if (tooMany !== undefined) return refused(tooMany);
  const inner = await readFolders(repository, folders);
  const versions = folders.reduce((sum, { id }) => sum + lengthOf(inner.get(id)), top.length - folders.length);
  const tooMuch = excess(limits, 'revisions', versions);
  if (tooMuch !== undefined) return refused(tooMuch);
  const items: LayerItem[] = [];
  const findings = await behindOrigin(repository, spec, ref);
  for (const entry of top) {
    items.push(toItem(entry, ''));
    const found = entry.kind === 'folder' ? inner.get(entry.id) : [];
    if (found instanceof Lack)
      findings.push({ ...found, where: `${spec.name}: ${placeOf(spec, entry.name)}`, level: 'error' });
    else for (const one of found ?? []) items.push(toItem(one, `${entry.name}/`));
  }
  const listed = listRevisions(spec, items);
  return { ...layer, ...listed, findings: [...findings, ...listed.findings] };
}

type Tree = Awaited<ReturnType<typeof readNamedTree>>;

/** Each tree once: a few objects may be the folders of many packages. */
async function readFolders(
  { objects }: Repository,
  folders: readonly NamedEntry[],
): Promise<ReadonlyMap<string, Tree>> {
  const ids = [...new Set(folders.map(({ id }) => id))];
  const trees = await Promise.all(ids.map((id) => readNamedTree(objects, id)));
  return new Map(ids.map((id, i) => [id, trees[i] ?? []]));
}

function lengthOf(tree: Tree | undefined): number {
  return tree === undefined || tree instanceof Lack ? 0 : tree.length;
}

function placeOf({ packages }: LayerSource, name: string): string {
  return packages === '' ? name : `${packages}/${name}`;
}

function toItem({ kind, name, id, fault }: NamedEntry, prefix: string): LayerItem {
  return { path: prefix + name, kind, source: id, fault };
}

/** What the folder of packages holds. Each object on the way to it is what its id says. */
async function packagesFolder(
  { objects, folder }: Repository,
  commit: string,
  { name, ref, packages }: LayerSource,
): Promise<readonly NamedEntry[]> {
  const bytes = await objects.read(commit, 'commit');
  if (bytes instanceof Lack)
    throw new Stop('damaged', `${folder}: the commit of ${ref} (layer ${name}): ${bytes.text}`);
  const [, root = ''] = /^tree ([0-9a-f]+)\n/.exec(bytes.toString('latin1', 0, 80)) ?? [];
  let at = await readNamedTree(objects, root);
  for (const part of packages === '' ? [] : packages.split('/')) {
    if (at instanceof Lack) break;
    const entry: NamedEntry | undefined = at.find((one) => one.name === part);
    if (entry?.kind !== 'folder') throw noFolder({ name, ref, packages }, entry);
    at = await readNamedTree(objects, entry.id);
  }
  if (at instanceof Lack)
    throw new Stop('damaged', `${folder}: ${packages || '.'} of ${ref} (layer ${name}): ${at.text}`);
  return at;
}

function noFolder({ name, ref, packages }: LayerSource, entry: NamedEntry | undefined): Stop {
  const what = entry && `; ${entry.name} ${entry.fault ?? 'is a file'}`;
  return new Stop(
    'no-packages',
    `${name}: ${ref} has no folder "${packages}"${what ?? ''}`,
    'set `packages` of the layer to the folder that holds its packages',
  );
}

async function resolveCommit({ directory, folder, objects }: Repository, { name, ref }: LayerSource): Promise<Named> {
  const found = REF.test(ref) ? await findRef(commitsBy(objects), ref) : undefined;
  if (found) return found;
  const own = async (...args: string[]): Promise<string> => (await git(['--git-dir', directory, ...args])).trim();
  const named = REF.test(ref)
    ? await own('rev-parse', '--verify', '--quiet', '--end-of-options', ref).catch(absent)
    : '';
  if (named !== '')
    throw new Stop(
      'damaged',
      `${folder}: ${ref} (layer ${name}) names ${named}, which is no commit, or is damaged`,
      FSCK,
    );
  const spaces = ['refs/heads', 'refs/remotes/origin', 'refs/tags'];
  const known = (await own('for-each-ref', '--format=%(refname:short)', ...spaces)).split('\n').slice(0, 20);
  throw new Stop(
    'no-layer',
    `${folder} has no branch, tag or commit ${JSON.stringify(ref)} (layer ${name})`,
    `it has: ${listKnown(ref, known)}`,
  );
}

/** Git says by its status that it knows no such name. */
function absent(error: unknown): string {
  if (error instanceof GitFailure && error.status !== null) return '';
  throw error;
}

/** A warning for a branch that lacks commits of the one at `origin`. */
async function behindOrigin(
  { directory, folder, objects }: Repository,
  { name }: LayerSource,
  ref: string | undefined,
): Promise<Finding[]> {
  const parting = ref === undefined ? undefined : await partingFrom(directory, ref, commitsBy(objects));
  if (ref === undefined || !parting || parting.behind === 0) return [];
  const branch = shortName(ref);
  const move = `git -C ${shellQuote(folder)} fetch . ${shellQuote(`origin/${branch}:${branch}`)}`;
  const ahead = parting.ahead > 0 ? `, and has ${parting.ahead} of its own; merge or rebase it` : `: ${move}`;
  const text = `the branch ${branch} lacks ${parting.behind} ${parting.behind === 1 ? 'commit' : 'commits'} of origin/${branch}${ahead}`;
  return [{ code: 'behind', where: name, text, level: 'warning' }];
}

/** A name as git allows it (git-check-ref-format(1)), and steps back from it: no path, no search, no log of a branch. */
const REF = /^(?!-)(?!.*(?:\.\.|@\{|\/\/))[^\x00-\x20\x7f~^:?*[\\]+(?:~\d*|\^\d*)*$/;
