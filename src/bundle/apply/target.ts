import { createHash } from 'node:crypto';
import { kindOf, versionIn } from '../../tree/kinds.ts';
import { CHANGE, manifestPartPath, packageFilePath, packageOf, RELEASE } from '../../tree/layout.ts';
import { hasDigests, manifestHash, treeDigest } from '../../tree/manifest-digests.ts';
import type { Release } from '../../tree/release.ts';
import { isSealed } from '../../tree/sealed.ts';
import { countOf, digestOf, parseObject, pathOf, wrong } from '../checked.ts';
import type { BundledFile } from '../recipe.ts';
import type { HeldFile } from './held.ts';
import type { OpenBundle } from './open-bundles.ts';
import type { PackageFiles, Supply } from './supply.ts';

/*
 * Which files a bundle makes, by its recipe and the lists of the site in it.
 */

/** The files of one folder by path. */
export type TargetFiles = ReadonlyMap<string, HeldFile>;

export interface Target {
  readonly kind: 'target';
  /** '' is the site, `nginx` the folder of that host. */
  readonly folders: ReadonlyMap<string, TargetFiles>;
  readonly packageFiles: PackageFiles;
}

/** What can't be had: digests of contents. */
export interface Lacking {
  readonly kind: 'lacking';
  readonly digests: readonly string[];
}

/** Lists the files that a bundle makes. Throws a `Stop` where its lists, its manifest and what it says of itself don't agree. */
export function readTarget(bundle: OpenBundle, supply: Supply): Target | Lacking {
  const { recipe, description, path } = bundle;
  const known = recipe.files.filter(({ isList, host, path: name }) => isList || (host === '' && name === RELEASE));
  const digests = known.flatMap((file) => supply.lacks(file, NO_PACKAGE));
  if (digests.length > 0) return { kind: 'lacking', digests };
  const textOf = (file: BundledFile): Buffer => contentOf(file, supply, path);
  const folders = new Map<string, Map<string, HeldFile>>([['', new Map()]]);
  const totals = { files: 0, bytes: 0 };
  const contents = new Map<string, HeldFile>();
  const enter = (host: string, name: string, { digest, size }: HeldFile): void => {
    const known = contents.get(digest);
    const content = known?.size === size ? known : { digest, size };
    contents.set(digest, content);
    const files = folders.get(host) ?? new Map<string, HeldFile>();
    folders.set(host, files);
    if (files.has(name)) throw wrong(path, `has two files for one path: ${JSON.stringify(name)}`);
    files.set(name, content);
    totals.files++;
    totals.bytes += size;
  };
  for (const file of recipe.files) {
    enter(file.host, file.path, file);
    if (file.isList)
      for (const listed of filesIn(textOf(file), `${path}: ${file.path}`)) enter('', listed.path, listed);
  }
  for (const [host, files] of folders) refuseBadPaths(files, host === '' ? path : `${path}: ${host}`);
  if (totals.files !== description.files || totals.bytes !== description.bytes)
    throw wrong(
      path,
      `makes ${totals.files} files of ${totals.bytes} bytes, and says ${description.files} of ${description.bytes}`,
    );
  refuseOtherManifest(bundle, textOf);
  return { kind: 'target', folders, packageFiles: packageFilesOf(folders.get('') ?? new Map()) };
}

const NO_PACKAGE: PackageFiles = () => [];

function contentOf({ path: name, digest, size }: BundledFile, supply: Supply, path: string): Buffer {
  if (size > LONGEST_LIST) throw wrong(path, `has a list that is too long: ${name}`);
  const bytes = Buffer.concat([...supply.chunks({ digest, size }, NO_PACKAGE)]);
  if (bytes.length === size && createHash('sha256').update(bytes).digest('hex') === digest) return bytes;
  throw wrong(path, `makes another content than it says: ${name}`);
}

/** Bytes. A part of the manifest has at most 20 MiB, and the list of compressed forms of a large site as many. */
const LONGEST_LIST = 256 * 2 ** 20;

function* filesIn(list: Buffer, where: string): Generator<HeldFile & { readonly path: string }> {
  let count = 0;
  for (let at = 0, end = 0; at < list.length; at = end + 1) {
    const next = list.indexOf(10, at);
    end = next < 0 ? list.length : next;
    count++;
    if (end === at) continue;
    const written = parseObject(list.toString('utf8', at, end), `${where}: line ${count}`);
    yield { path: pathOf(written, 'path'), digest: digestOf(written, 'digest'), size: countOf(written, 'size') };
  }
}

/** A path is neither in what this program keeps in a folder nor below a file, and has a form that every reader reads alike. */
function refuseBadPaths(files: TargetFiles, where: string): void {
  for (const path of files.keys()) {
    const parts = path.split('/');
    const isBelowFile = parts.some((_, i) => i > 0 && files.has(parts.slice(0, i).join('/')));
    if (isBelowFile || parts[0] === CHANGE || !path.isWellFormed() || /^[A-Za-z]:|\\/.test(parts[0] ?? ''))
      throw wrong(where, `has a path that no site has: ${JSON.stringify(path)}`);
  }
}

/** Throws a `Stop` where the manifest that is made hasn't the digest that the bundle names, or those of the release. */
function refuseOtherManifest({ recipe, description, path }: OpenBundle, textOf: (file: BundledFile) => Buffer): void {
  const own = new Map(recipe.files.flatMap((file) => (file.host === '' ? [[file.path, file]] : [])));
  const hash = manifestHash();
  for (let part = 0, file; (file = own.get(manifestPartPath(part))); part++) hash.update(textOf(file));
  const release = own.get(RELEASE);
  const text = release ? textOf(release).toString('utf8') : '';
  const made = hash.digests();
  if (treeDigest(made) !== description.manifest || !isSealed(text) || !hasDigests(made, JSON.parse(text) as Release))
    throw wrong(path, `makes a site whose manifest or ${RELEASE} is not that of the bundle`);
}

/** Finds the files of packages; they are sorted by package when they are first asked for. */
function packageFilesOf(site: TargetFiles): PackageFiles {
  let packages: ReadonlyMap<string, readonly string[]> | undefined;
  return (name, version) => {
    packages ??= pathsByPackage(site);
    const folder = packageFilePath(name, version, '');
    const paths = packages.get(folder) ?? [];
    return paths.map((path) => ({ path: path.slice(folder.length + 1), digest: (site.get(path) as HeldFile).digest }));
  };
}

function pathsByPackage(site: TargetFiles): Map<string, string[]> {
  const packages = new Map<string, string[]>();
  for (const path of site.keys()) {
    if (kindOf(path) !== 'package file') continue;
    const folder = packageFilePath(packageOf(path), versionIn(path) ?? '', '');
    const paths = packages.get(folder) ?? [];
    packages.set(folder, paths);
    paths.push(path);
  }
  return packages;
}
