import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { topsOf, writeArchive } from '../../bundle/archive.ts';
import { LIST_EXTENSION, writeContentsList } from '../../bundle/contents-list.ts';
import { openBase } from '../../bundle/open-base.ts';
import { writeOverlay } from '../../bundle/overlay.ts';
import { partFile, partNumber, staleParts } from '../../bundle/parts.ts';
import { readReceiver, readmeText } from '../../bundle/receiver.ts';
import type { Stream } from '../../bundle/recipe.ts';
import { siteContents } from '../../bundle/site-contents.ts';
import type { SiteContents } from '../../bundle/site-contents.ts';
import { streamsOfSite } from '../../bundle/site-streams.ts';
import { openTarWriter } from '../../bundle/tar-file.ts';
import { writeBundle } from '../../bundle/write.ts';
import { isAbsence, Stop } from '../../errors.ts';
import { withLeanHeap } from '../../lean-heap.ts';
import type { Progress } from '../../report.ts';
import { isSystemError } from '../../system-errors.ts';
import { atExit } from '../../tree/commit/at-exit.ts';
import { clearLeftovers, removeNow, temporariesIn, temporaryName } from '../../tree/commit/leftovers.ts';
import { placeWithSum, refuseLink } from '../../tree/commit/output-file.ts';
import { isChanging } from '../../tree/commit/patch.ts';
import { recoverIfFree } from '../../tree/commit/replace.ts';
import { RELEASE } from '../../tree/layout.ts';
import type { Release } from '../../tree/release.ts';
import { requireSite, siteFolder } from '../site-folder.ts';
import { applying, opening, overlaying, sumCheck } from './next.ts';
import { isArchive, outputOf } from './output.ts';
import type { BundleOptions, Output } from './output.ts';

export interface BundleReport {
  /** The first of the files. */
  readonly file: string;
  /** Bytes of all files. */
  readonly size: number;
  /** SHA-256 of the first file, in hex. `<file>.sha256` holds those of all. */
  readonly digest: string;
  /** The list of what the site holds, small enough to be kept, for `--since`. */
  readonly contents: string;
  /** All files of the bundle: one, unless `--max-part` makes it several. */
  readonly parts: readonly BundlePart[];
  /** How many files it unpacks to. */
  readonly files: number;
  /** How many of these are links to other members of the archive. */
  readonly links: number;
  /** The commands that open it on the other side, to paste. */
  readonly next: readonly string[];
}

export interface BundlePart {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
}

/** What was packed. */
interface Packed {
  readonly files: number;
  readonly links: number;
  readonly next: (files: readonly string[]) => readonly string[];
  /** What the site holds, and the streams of its zips, where they are known. */
  readonly contents: SiteContents;
  readonly streams: readonly Stream[] | undefined;
}

/**
 * Packs a site, and what `build --target` wrote beside it, into one file to carry to another network. The file appears once it is
 * whole, with its digest and the list of its contents beside it; parts of an earlier bundle of the same name go. Throws a `Stop` where
 * there is no site, or where it is built again meanwhile.
 */
export async function bundle(options: BundleOptions, progress: Progress): Promise<BundleReport> {
  const folder = siteFolder(options);
  requireSite(folder, options, RELEASE);
  for (const one of topsOf(folder)) recoverIfFree(one);
  const output = outputOf(folder, options);
  const { file } = output;
  const release = await readFile(join(folder, RELEASE));
  const [sum, list, made] = [`${file}.sha256`, `${file}${LIST_EXTENSION}`, new Set([file])];
  for (const path of [file, list, sum]) refuseLink(path, OTHER_FILE);
  const clear = (): void => [...made, list, sum].forEach((path) => removeNow(temporaryName(path)));
  const leave = atExit(clear);
  try {
    clearAbandoned(file, [file, list, sum]);
    const packing = { folder, output, progress, release: JSON.parse(release.toString()) as Release };
    const { files, links, next, ...listed } = await withLeanHeap(() => pack(packing, made));
    await writeList(listed, list, packing);
    await refuseChanged(folder, release);
    const parts = await Promise.all([...made].map(async (path) => await factsOf(path)));
    await writeFile(temporaryName(sum), parts.map((part) => `${part.digest}  ${basename(part.file)}\n`).join(''));
    await placeWithSum([...made, list], { sum, stale: staleParts(file, made.size) });
    const { size: _, ...first } = parts[0] as BundlePart;
    const size = parts.reduce((total, part) => total + part.size, 0);
    return { ...first, size, contents: list, parts, files, links, next: [sumCheck(sum), ...next([...made])] };
  } catch (error) {
    await refuseChanged(folder, release);
    throw naming(error, { made: new Set([...made, list, sum]), folder, file });
  } finally {
    progress.end();
    clear();
    leave();
  }
}

const OTHER_FILE = 'name another file with --file';

/** Clears away what killed runs left of these files, and of parts of the first. */
function clearAbandoned(file: string, files: readonly string[]): void {
  const folder = dirname(file);
  const parts = temporariesIn(folder).flatMap(({ of }) => (partNumber(file, of) === undefined ? [] : [of]));
  for (const name of new Set([...files.map((path) => basename(path)), ...parts])) clearLeftovers(folder, name);
}

interface Packing {
  readonly folder: string;
  readonly output: Output;
  readonly progress: Progress;
  readonly release: Release;
}

/** Writes all files under temporary names, and adds the names that they shall have to `made`. */
async function pack({ folder, output, progress, release }: Packing, made: Set<string>): Promise<Packed> {
  const { format, file } = output;
  const step = (done: number, total: number): void => progress.step('bundle', done, total);
  if (format === 'overlay') {
    const to = { since: output.since ?? '', file: temporaryName(file) };
    const { files, links, isInTheWay } = await writeOverlay(folder, to, step);
    const next = (): string[] => overlaying(file, basename(folder), isInTheWay);
    return { files, links, next, contents: await siteContents(folder), streams: undefined };
  }
  if (isArchive(format)) {
    const { names, files, links } = await writeArchive(folder, { file: temporaryName(file), format }, step);
    const next = (): string[] => opening(file, { folder, format, names });
    return { files, links, next, contents: await siteContents(folder), streams: undefined };
  }
  return await packContents({ folder, output, progress, release }, made);
}

async function packContents({ folder, output, progress, release }: Packing, made: Set<string>): Promise<Packed> {
  const { file, since, maxPart } = output;
  const base =
    since === undefined ? undefined : await openBase(since, (done, total) => progress.step('check', done, total));
  const writer = openTarWriter((part) => {
    const path = partFile(file, part);
    refuseLink(path, OTHER_FILE);
    made.add(path);
    return temporaryName(path);
  }, maxPart);
  try {
    const contents = await siteContents(folder);
    const [receiver, site] = [readReceiver(), basename(folder)];
    const source = { release, site, contents, base, receiver, readme: readmeText(basename(file), site) };
    const streams = await writeBundle(source, writer, (done, total) => progress.step('contents', done, total));
    const next = (files: readonly string[]): string[] => applying(files, site);
    return { files: contents.count, links: 0, next, contents, streams: base ? undefined : streams };
  } finally {
    writer.close();
    base?.close();
  }
}

/** Writes the list of contents under a temporary name. */
async function writeList(
  { contents, streams }: Pick<Packed, 'contents' | 'streams'>,
  list: string,
  { folder, release }: Packing,
): Promise<void> {
  const writer = openTarWriter(() => temporaryName(list), Number.MAX_SAFE_INTEGER);
  try {
    const known = streams ?? (await streamsOfSite(contents.zips));
    await writeContentsList({ release, site: basename(folder), contents, streams: known }, writer);
  } finally {
    writer.close();
  }
}

async function factsOf(file: string): Promise<BundlePart> {
  const made = temporaryName(file);
  return { file, size: (await lstat(made)).size, digest: await digestOf(made) };
}

/** Throws a `Stop` where the site is no longer the one that was begun with. */
async function refuseChanged(folder: string, release: Buffer): Promise<void> {
  const now = await readFile(join(folder, RELEASE)).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw error;
  });
  if (now?.equals(release) && !topsOf(folder).some(isChanging)) return;
  throw new Stop('changed', `${folder} was built again while it was packed`, 'run the command again');
}

/** An error of the system, by the names that the user knows: calls on open files name none, and the file's own is temporary. */
function naming(
  error: unknown,
  { made, folder, file }: { readonly made: ReadonlySet<string>; readonly folder: string; readonly file: string },
): unknown {
  if (!isSystemError(error)) return error;
  if (error.path === undefined) error.path = error.syscall === 'read' ? folder : file;
  else error.path = [...made].find((path) => temporaryName(path) === error.path) ?? error.path;
  return error;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
