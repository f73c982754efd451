import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsence, Stop } from '../errors.ts';
import type { ByteString } from '../tree/byte-string.ts';
import { RELEASE } from '../tree/layout.ts';
import { kindOf, versionIn } from '../tree/kinds.ts';
import type { FileKind } from '../tree/kinds.ts';
import { eachPackage, parseManifestLine } from '../tree/manifest.ts';
import type { SiteFile } from '../tree/manifest.ts';
import { hasDigest } from './content-at.ts';
import { shownText, toByteString, toBytes } from '../tree/text.ts';

/*
 * A site as `publish` reads it: the files of each revision, and those that belong to none. The files inside of packages are in the file lists.
 */

/** The files of one revision, but for those of the package. */
export interface RevisionParts {
  readonly name: string;
  readonly version: string;
  readonly list: SiteFile;
  readonly index: SiteFile | undefined;
  readonly zip: SiteFile | undefined;
  readonly signature: SiteFile | undefined;
}

export interface SiteParts {
  readonly folder: string;
  /** In the order of the manifest. */
  readonly revisions: readonly RevisionParts[];
  readonly others: readonly SiteFile[];
}

/** Reads what a site lists, and its `release.json`, which no list has. Throws an Error where its manifest can't be read. */
export async function readSiteParts(folder: string): Promise<SiteParts> {
  const revisions: RevisionParts[] = [];
  const others: SiteFile[] = [];
  for await (const { name, lines } of eachPackage(folder)) {
    const files = fewLines(lines).map(parseManifestLine);
    if (name === '') others.push(...files);
    else revisions.push(...revisionsOf(name, files));
  }
  others.push(await releaseFile(folder));
  return { folder, revisions, others };
}

async function releaseFile(folder: string): Promise<SiteFile> {
  const bytes = await readFile(join(folder, RELEASE));
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { path: RELEASE, size: bytes.length, digest, type: 'application/json', cache: 'index' };
}

/** The lines that are not of a package's own files, which are most of all. */
function fewLines(lines: Buffer): string[] {
  return lines
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(OWN_FILE));
}

const OWN_FILE = '{"path":"package/';

function revisionsOf(name: string, files: readonly SiteFile[]): RevisionParts[] {
  const byVersion = new Map<string, Partial<Record<FileKind, SiteFile>>>();
  for (const file of files) {
    const [version, kind] = [versionIn(file.path), kindOf(file.path)];
    if (version === undefined || kind === undefined) continue;
    byVersion.set(version, { ...byVersion.get(version), [kind]: file });
  }
  return [...byVersion].flatMap(([version, { 'file list': list, 'package index': index, zip, signature }]) =>
    list ? [{ name, version, list, index, zip, signature }] : [],
  );
}

/** Reads a file of a site whole. Throws a `Stop` where it isn't the one that the site lists. */
export async function readSiteFile(folder: string, { path, size, digest }: SiteFile): Promise<Buffer> {
  return await readListed(folder, { path: toByteString(path), size, digest });
}

/** The same, of a file whose path is a byte string. */
export async function readListed(
  folder: string,
  { path, size, digest }: { readonly path: ByteString; readonly size: number; readonly digest: string },
): Promise<Buffer> {
  const bytes = await readIfThere(Buffer.concat([Buffer.from(`${folder}/`), toBytes(path)]));
  if (bytes?.length === size && hasDigest(bytes, digest)) return bytes;
  throw new Stop(
    'not-a-site',
    `${folder}/${shownText(path)} is not the file that the site lists`,
    'build the site again, with --verify',
  );
}

async function readIfThere(place: Buffer): Promise<Buffer | undefined> {
  try {
    return await readFile(place);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
