import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Stop } from '../errors.ts';
import { comparePaths } from '../paths.ts';
import { contentTime } from '../tree/content-time.ts';
import { INDEX, RELEASE } from '../tree/layout.ts';
import { readRelease } from '../tree/release.ts';
import { digestLine, digestsOf, packMembers, topsOf, walk } from './archive.ts';
import type { ArchiveFacts, Member } from './archive.ts';
import { chunksOf } from './read-whole.ts';

/*
 * What is new or changed since an older site, as a tar of whole files and lists of what goes, for a receiver with nothing but tar, sha256sum
 * and a shell.
 */

export interface OverlayFacts extends ArchiveFacts {
  /** Whether a file takes the place of a folder, or a folder that of a file: `<site>.in-the-way` lists what to remove before. */
  readonly isInTheWay: boolean;
}

/**
 * Packs the files of the site in `folder` and its host folders that the site in `since` lacks into `file`. `step` hears how many files of how
 * many are packed. Throws a `Stop` where `since` is no site or a file isn't what the site says, and an Error if something can't be read
 * or written.
 */
export async function writeOverlay(
  folder: string,
  { since, file }: { readonly since: string; readonly file: string },
  step: (done: number, total: number) => void,
): Promise<OverlayFacts> {
  const before = resolve(since);
  if (!existsSync(join(before, RELEASE)) || !(await readRelease(before)))
    throw new Stop('no-site', `${before} is no folder of a site`, FOLDER_HINT);
  const site = basename(folder);
  const [old, now] = [await treeOf(before, site), await treeOf(folder, site)];
  const fresh = [...now].filter(([name, { digest }]) => old.get(name)?.digest !== digest).sort(inOrder);
  const members = await Promise.all(fresh.map(async ([name, { path, digest }]) => await checked(name, path, digest)));
  const { removed, inTheWay } = leaving(old, now);
  const lists = [
    { name: `${site}.SHA256SUMS`, text: [...now].map(([name, { digest }]) => digestLine([name, digest])).join('') },
    { name: `${site}.removed`, text: nulSeparated(removed) },
    { name: `${site}.in-the-way`, text: nulSeparated(inTheWay) },
  ];
  const linked = withLinks(members);
  await packMembers(linked, { file, format: 'tar', lists, step });
  const links = linked.filter(({ link }) => link !== undefined).length;
  return { files: linked.length, links, names: new Set(now.keys()), isInTheWay: inTheWay.length > 0 };
}

const FOLDER_HINT =
  'an overlay compares whole files, so give --since the folder of the older site; without --format overlay, --since takes bundles and lists of contents too';

type Tree = ReadonlyMap<string, { readonly path: string; readonly digest: string }>;

/** The files of a site and its host folders, by the names that they have beside a site of the name `site`. */
async function treeOf(folder: string, site: string): Promise<Tree> {
  const digests = await digestsOf(folder);
  const [parent, own] = [dirname(folder), basename(folder)];
  const names = await Promise.all(
    topsOf(folder)
      .filter((top) => existsSync(top))
      .map((top) => walk(parent, basename(top))),
  );
  const tree = new Map<string, { path: string; digest: string }>();
  for (const name of names.flat().sort(comparePaths)) {
    const path = join(parent, name);
    tree.set(`${site}${name.slice(own.length)}`, { path, digest: digests.get(name) ?? (await digestOf(path)) });
  }
  return tree;
}

/** Files that name others come last, so that a reader finds what they name. */
function inOrder([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return rank(a) - rank(b) || comparePaths(a, b);
}

function rank(name: string): number {
  return [INDEX, RELEASE].indexOf(name.slice(name.indexOf('/') + 1));
}

/** The paths to remove: after unpacking, and those that must go before. What lies below a path in the way goes with it. */
function leaving(old: Tree, now: Tree): { removed: string[]; inTheWay: string[] } {
  const folders = new Set([...now.keys()].flatMap(foldersOf));
  const tops = new Set([...now.keys()].map((name) => name.split('/', 1)[0]));
  const [removed, inTheWay] = [new Set<string>(), new Set<string>()];
  for (const name of old.keys()) {
    // A host's folder that the new site doesn't have stays, and so do folders of the host's tools.
    if (now.has(name) || !tops.has(name.split('/', 1)[0]) || /^[^/]*\/\.[^/]*\//.test(name)) continue;
    const file = foldersOf(name).find((above) => now.has(above));
    if (file !== undefined || folders.has(name)) inTheWay.add(file ?? name);
    else removed.add(name);
  }
  return { removed: [...removed], inTheWay: [...inTheWay] };
}

function foldersOf(name: string): string[] {
  const parts = name.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

function nulSeparated(names: readonly string[]): string {
  return names.map((name) => `${name}\0`).join('');
}

async function checked(name: string, path: string, digest: string): Promise<Omit<Member, 'link'> & { digest: string }> {
  if ((await digestOf(path)) !== digest)
    throw new Stop('not-a-site', `${path} is not what the site says`, 'build the site again, with --verify');
  return { name, path, digest, size: (await lstat(path)).size, date: new Date(1000 * contentTime(digest)) };
}

/** A content that comes again is a link to its first file. */
function withLinks(members: readonly (Omit<Member, 'link'> & { readonly digest: string })[]): Member[] {
  const first = new Map<string, string>();
  return members.map(({ digest, ...member }) => {
    const link = first.get(digest);
    if (link === undefined) first.set(digest, member.name);
    return { ...member, link };
  });
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of chunksOf(path)) hash.update(bytes);
  return hash.digest('hex');
}
