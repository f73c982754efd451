import { join } from 'node:path';
import type { Finding } from '../../errors.ts';
import type { CategoryTree } from '../../build/entry.ts';
import { fileListText, parseFileList } from '../../tree/file-list.ts';
import type { FileEntry, FileList } from '../../tree/file-list.ts';
import { versionIn } from '../../tree/kinds.ts';
import { fileListPath, packageFilePath, packageIndexPath, signaturePath, zipPath } from '../../tree/layout.ts';
import { asByteString } from '../../tree/byte-string.ts';
import { shownText, toByteString } from '../../tree/text.ts';
import { changed, disagreement } from './findings.ts';
import { indexFaults, readPage } from './pages.ts';
import type { IndexedView, Rendered } from './pages.ts';
import type { CheckedFiles, CheckedSite, GoodFile } from './site-files.ts';
import { zipMembers } from '../../tree/zip-directory.ts';
import type { ZipMember } from '../../tree/zip-directory.ts';

/*
 * Compares the views of a revision with each other: its files, its zip, the list of its files, its page, its row and its columns.
 */

/** What the index of a site holds of the revisions of a package, in the order of answers; undefined where the index can't be read. */
export interface IndexedPackage {
  readonly revisions: readonly IndexedView[];
  readonly categories: CategoryTree;
  /** The paths of the columns and the rows, for findings. */
  readonly columns: string;
  readonly rows: string;
}

/** Compares the views of all revisions of a package, whose files were checked. */
export function revisionFindings(
  site: CheckedSite,
  name: string,
  { files, index }: { readonly files: CheckedFiles; readonly index: IndexedPackage | undefined },
): Finding[] {
  const byVersion = groupByVersion(files);
  const indexed = new Map(index?.revisions.map((view) => [view.version, view]));
  const findings = [...byVersion].flatMap(([version, own]) => {
    const revision = { site, name, version, own, listed: files.listed };
    return oneRevision(revision, index && { ...index, view: indexed.get(version) });
  });
  for (const version of indexed.keys())
    if (index && !byVersion.has(version))
      findings.push(disagreement(index.columns, `have ${name} ${version}, and the site manifest has no file of it`));
  return findings;
}

/** One revision while it is checked. */
interface CheckedRevision {
  readonly site: CheckedSite;
  readonly name: string;
  readonly version: string;
  /** Its files that are as the manifest says. */
  readonly own: readonly GoodFile[];
  /** All paths of the package that the manifest lists. */
  readonly listed: ReadonlySet<string>;
}

function groupByVersion({ listed, good }: CheckedFiles): Map<string, GoodFile[]> {
  const groups = new Map<string, GoodFile[]>();
  for (const path of listed) {
    const version = versionIn(path);
    if (version === undefined) continue;
    const group = groups.get(version) ?? [];
    const file = good.get(path);
    if (file) group.push(file);
    groups.set(version, group);
  }
  return groups;
}

function oneRevision(
  revision: CheckedRevision,
  index: (IndexedPackage & { readonly view: IndexedView | undefined }) | undefined,
): Finding[] {
  const { site, name, version, own, listed } = revision;
  const paths = {
    list: fileListPath(name, version),
    page: packageIndexPath(name, version),
    zip: zipPath(name, version),
  };
  const lacking = Object.values(paths).filter((path) => !listed.has(path));
  if (lacking.length > 0)
    return lacking.map((path) => disagreement(path, 'the site manifest has files of this version, and not this one'));
  const files = new Map(own.map((file) => [file.path, file]));
  const [list, page, zip] = [files.get(paths.list), files.get(paths.page), files.get(paths.zip)];
  const findings: Finding[] = [];
  const read = list && readList(site, list.path);
  if (list && !read) findings.push(changed(list.path, 'is not a file list'));
  if (read) findings.push(...listFindings(revision, read));
  const members = zip && zipMembers(join(site.folder, zip.path));
  if (zip && !members) findings.push(changed(zip.path, 'is not a whole zip: it has no list of its entries'));
  if (read && zip && members) findings.push(...zipFindings(revision, members, read));
  const shown = page && readPage(site.reader.bytes(join(site.folder, page.path)).toString('utf8'));
  if (page && !shown) findings.push(changed(page.path, 'is not an index of a package'));
  if (page && shown && read) findings.push(...pageFindings(revision, shown, { list: read, members: members ?? [] }));
  if (page && shown && index) findings.push(...indexFindings(revision, shown, index));
  return findings;
}

/** A file list as a build writes it; undefined for any other text. Throws the system's error. */
export function readList({ folder, reader }: CheckedSite, path: string): FileList | undefined {
  const text = reader.bytes(join(folder, path)).toString('utf8');
  try {
    const list = parseFileList(text);
    return fileListText(list) === text ? list : undefined;
  } catch {
    return undefined; // parsing alone: no JSON, or no list
  }
}

/** The list and the manifest name the same files, with the same facts. */
function listFindings({ name, version, own, listed }: CheckedRevision, list: FileList): Finding[] {
  const where = fileListPath(name, version);
  const entries = new Map<string, FileEntry | undefined>(
    Object.entries(list.files).map(([path, entry]) => [
      packageFilePath(name, version, shownText(asByteString(path))),
      entry,
    ]),
  );
  entries.set(packageIndexPath(name, version), list.index);
  entries.set(zipPath(name, version), list.zip);
  if (list.signature || listed.has(signaturePath(name, version)))
    entries.set(signaturePath(name, version), list.signature);
  const findings = own
    .filter(({ path }) => path !== where)
    .filter(
      ({ path, size, digest, type }) => JSON.stringify(entries.get(path)) !== JSON.stringify([size, digest, type]),
    )
    .map(({ path }) => disagreement(where, `says something else about ${path} than the site manifest`));
  const unknown = [...entries.keys()].filter((path) => !listed.has(path));
  return [...findings, ...unknown.map((path) => disagreement(where, `lists ${path}, and the site manifest does not`))];
}

/** The zip has the files of the list, with the same content. */
function zipFindings(
  { name, version, own }: CheckedRevision,
  members: readonly ZipMember[],
  list: FileList,
): Finding[] {
  const where = zipPath(name, version);
  const top = `${name}-${version}/`;
  const crcs = new Map<string, GoodFile>(own.map((file) => [toByteString(file.path), file]));
  const inside = members.filter((member) => !member.name.endsWith('/'));
  const findings = inside.flatMap((member) => {
    const path = member.name.startsWith(top) ? member.name.slice(top.length) : undefined;
    if (path === undefined || !Object.hasOwn(list.files, path))
      return [disagreement(where, `has ${member.name}, and ${fileListPath(name, version)} does not`)];
    const file = crcs.get(packageFilePath(name, version, path));
    const isSame = !file || (file.size === member.size && file.crc32 === member.crc32);
    return isSame ? [] : [disagreement(where, `has other content in ${member.name} than ${file.path}`)];
  });
  const names = new Set(inside.map((member) => member.name));
  const lacking = Object.keys(list.files).filter((path) => !names.has(top + path));
  return [
    ...findings,
    ...lacking.map((path) => disagreement(where, `lacks ${path}, which ${fileListPath(name, version)} has`)),
  ];
}

/** The page names the revision, its zip, its signature and its files. */
function pageFindings(
  { name, version }: CheckedRevision,
  { value }: Rendered,
  { list, members }: { readonly list: FileList; readonly members: readonly ZipMember[] },
): Finding[] {
  const where = packageIndexPath(name, version);
  const base = `/${packageFilePath(name, version, '')}`;
  const said = {
    name,
    version,
    path: base,
    download: `/${zipPath(name, version)}`,
    signature_path: list.signature && `/${signaturePath(name, version)}`,
  };
  const wrong = Object.entries(said).filter(([key, text]) => value[key] !== text);
  const findings = wrong.map(([key]) =>
    disagreement(where, `has another "${key}" than its place and ${fileListPath(name, version)} say`),
  );
  const shown = ((value['assets'] ?? []) as readonly string[]).map((asset) => toByteString(asset));
  const top = `${name}-${version}/`;
  const folders = members.filter((one) => one.name.endsWith('/')).map((one) => one.name.slice(top.length, -1));
  const known = new Set([...Object.keys(list.files), ...folders].map((path) => `${base}/${path}`));
  const unknown = shown.filter((asset) => !known.has(asset));
  const depths = new Set([...Object.keys(list.files), ...folders].map(depthOf));
  const isCut = (path: string): boolean =>
    Array.from({ length: depthOf(path) }, (_, i) => i + 1).some((depth) => !depths.has(depth));
  const all = new Set<string>(shown);
  const lacking = Object.keys(list.files).filter(
    (path) => !path.includes('.DS_Store') && !isCut(path) && !all.has(`${base}/${path}`),
  );
  if (unknown.length + lacking.length > 0 || all.size !== shown.length)
    findings.push(disagreement(where, `does not have the assets that ${fileListPath(name, version)} lists`));
  return findings;
}

function depthOf(path: string): number {
  return path.split('/').length;
}

function indexFindings(
  { name, version }: CheckedRevision,
  page: Rendered,
  { view, columns, rows, categories }: IndexedPackage & { readonly view: IndexedView | undefined },
): Finding[] {
  const where = packageIndexPath(name, version);
  if (!view) return [disagreement(columns, `lack ${name} ${version}, and the site has ${where}`)];
  const faults = orNone(() => indexFaults(page, view, categories));
  if (!faults) return [disagreement(where, 'has members that no index of a package has')];
  return [
    ...faults.row.map((fault) => disagreement(rows, `${fault} ${where}`)),
    ...faults.columns.map((fault) => disagreement(columns, `${fault} ${where}`)),
  ];
}

/** Undefined where a value is not of the form that its place promises: nobody checked it before. */
function orNone<T>(compare: () => T): T | undefined {
  try {
    return compare();
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
