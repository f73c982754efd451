import { createHash } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostFolder, hostNames } from '../hosts/hosts.ts';
import type { HostName } from '../hosts/hosts.ts';
import { isAbsence } from '../errors.ts';
import { hasEncoded, openEncodedList, readEncodedList } from '../tree/encoded.ts';
import { kindOf, versionIn } from '../tree/kinds.ts';
import { ENCODED_LIST, packageFilePath, packageOf, RELEASE } from '../tree/layout.ts';
import { eachListedFile, manifestPartPaths } from '../tree/manifest.ts';
import type { PackageFile } from './assemble.ts';
import { chunksOf } from './read-whole.ts';
import type { BundledFile } from './recipe.ts';

/*
 * What a bundle has to hold: the files of a site and of its host folders, by content.
 */

/** A content of a site. */
export interface SiteContent {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** A file that holds it, as a path on disk, and the same inside the site or a host's folder. */
  readonly place: string;
  readonly path: string;
}

/** A zip of a package. */
export interface SiteZip extends SiteContent {
  readonly name: string;
  readonly version: string;
  /** All files of the package. */
  readonly files: readonly PackageFile[];
}

export interface SiteContents {
  /** Those that no list names, and the lists. */
  readonly files: readonly BundledFile[];
  /** Each different content once, by its digest; also that of zips. */
  readonly contents: ReadonlyMap<string, SiteContent>;
  readonly zips: readonly SiteZip[];
  /** Of all files. */
  readonly count: number;
  readonly bytes: number;
}

/** Lists a site's contents by its lists, and those of its host folders by reading them. Throws an Error if it can't be read. */
export async function siteContents(folder: string): Promise<SiteContents> {
  const contents = new Map<string, SiteContent>();
  const [packages, zips] = [new Map<string, PackageFile[]>(), [] as SiteZip[]];
  const totals = { count: 0, bytes: 0 };
  const enter = (path: string, size: number, digest: string, place: string): SiteContent => {
    totals.count++;
    totals.bytes += size;
    const known = contents.get(digest) ?? { digest, size, place, path };
    contents.set(digest, known);
    return known;
  };
  for await (const { path, size, digest } of eachListedFile(folder)) {
    const content = enter(path, size, digest, join(folder, path));
    const [name, version, kind] = [packageOf(path), versionIn(path), kindOf(path)];
    if (version === undefined) continue;
    const id = packageFilePath(name, version, '');
    const own = packages.get(id) ?? [];
    packages.set(id, own);
    if (kind === 'zip') zips.push({ ...content, path, place: join(folder, path), name, version, files: own });
    else if (kind === 'package file') own.push({ path: path.slice(id.length + 1), digest: content.digest });
  }
  for (const { path, size, digest } of openEncodedList(readEncodedList(folder)).files())
    enter(path, size, digest, join(folder, path));
  const files = await looseFiles(folder, contents);
  for (const { host, path, size, digest } of files) enter(path, size, digest, placeOf(folder, host, path));
  return { files, contents, zips, ...totals };
}

/** Where a file of a bundle lies on disk; `host` is '' for the site in `folder`. */
function placeOf(folder: string, host: string, path: string): string {
  return join(host === '' ? folder : hostFolder(folder, host as HostName), path);
}

/** The lists of a site, what they don't name, and the files of hosts. */
async function looseFiles(folder: string, contents: ReadonlyMap<string, SiteContent>): Promise<BundledFile[]> {
  const lists = [...(await manifestPartPaths(folder)), ...(hasEncoded(folder) ? [ENCODED_LIST] : [])];
  const known = new Map<string, SiteContent>();
  const files: BundledFile[] = [];
  const add = async (host: string, path: string, isList: boolean): Promise<void> => {
    const linked = known.get(inodeOf(placeOf(folder, host, path)));
    const { digest, size } = linked ?? (await factsOf(placeOf(folder, host, path)));
    files.push({ host, path, digest, size, isList });
  };
  for (const path of lists) await add('', path, true);
  await add('', RELEASE, false);
  const ofHosts = hostNames.flatMap((host) => filesBelow(hostFolder(folder, host), '').map((path) => ({ host, path })));
  // A host may want all files of the site in its folder: most of them are links.
  if (ofHosts.length > MANY) for (const content of contents.values()) known.set(inodeOf(content.place), content);
  for (const { host, path } of ofHosts) await add(host, path, false);
  return files;
}

/** From here on it is quicker to look at all contents of the site than to read the files. */
const MANY = 1000;

function inodeOf(place: string): string {
  const { dev, ino } = lstatSync(place);
  return `${dev}:${ino}`;
}

async function factsOf(place: string): Promise<{ digest: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const bytes of chunksOf(place)) {
    hash.update(bytes);
    size += bytes.length;
  }
  return { digest: hash.digest('hex'), size };
}

/** All files below a folder, relative to it, sorted; none where there is no folder. */
function filesBelow(folder: string, inner: string): string[] {
  try {
    const entries = readdirSync(join(folder, inner), { withFileTypes: true });
    return entries
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const path = inner === '' ? entry.name : `${inner}/${entry.name}`;
        return entry.isDirectory() ? filesBelow(folder, path) : [path];
      });
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}
