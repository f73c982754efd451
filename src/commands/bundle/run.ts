import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { topsOf, writeArchive } from '../../bundle/archive.ts';
import type { ArchiveFormat } from '../../bundle/archive.ts';
import { openBase } from '../../bundle/open-base.ts';
import { readReceiver, readmeText } from '../../bundle/receiver.ts';
import { writeOverlay } from '../../bundle/overlay.ts';
import { siteContents } from '../../bundle/site-contents.ts';
import { parseSize } from '../../bundle/sizes.ts';
import { openTarWriter } from '../../bundle/tar-file.ts';
import { writeBundle } from '../../bundle/write.ts';
import { shellQuote } from '../../command-line.ts';
import { isAbsence, Stop } from '../../errors.ts';
import { isSystemError } from '../../system-errors.ts';
import { atExit } from '../../tree/commit/at-exit.ts';
import { clearLeftovers, removeNow, temporaryName } from '../../tree/commit/leftovers.ts';
import { placeWithSum, refuseLink } from '../../tree/commit/output-file.ts';
import { isChanging } from '../../tree/commit/patch.ts';
import { recoverIfFree } from '../../tree/commit/replace.ts';
import type { Progress } from '../../report.ts';
import { RELEASE } from '../../tree/layout.ts';
import type { Release } from '../../tree/release.ts';
import { requireSite, siteFolder } from '../site-folder.ts';
import type { SiteOptions } from '../site-folder.ts';

export type BundleFormat = 'bundle' | 'overlay' | ArchiveFormat;

export interface BundleOptions extends SiteOptions {
  /** By default `bundle`, unless the name of the file says that it is an archive. */
  readonly format?: BundleFormat | undefined;
  /** The file to write. By default it is beside the site and has its name. */
  readonly file?: string | undefined;
  /** What the other side has: the folder of a site, or a bundle that needs no base. */
  readonly since?: string | undefined;
  /** The most bytes of a file, as people write sizes. */
  readonly maxPart?: string | undefined;
}

export interface BundleReport {
  /** The first of the files. */
  readonly file: string;
  /** Bytes of all files. */
  readonly size: number;
  /** SHA-256 of the first file, in hex. `<file>.sha256` holds those of all. */
  readonly digest: string;
  /** All files: one, unless `--max-part` makes it several. */
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
  /** How many parts were written. */
  readonly parts: number;
  readonly next: (files: readonly string[]) => readonly string[];
}

/**
 * Packs a site, and what `build --target` wrote beside it, into one file to carry to another network. The file appears once it is
 * whole, with its digest beside it. Throws a `Stop` where there is no site, or where it is built again meanwhile.
 */
export async function bundle(options: BundleOptions, progress: Progress): Promise<BundleReport> {
  const folder = siteFolder(options);
  requireSite(folder, options, RELEASE);
  for (const one of topsOf(folder)) recoverIfFree(one);
  const output = outputOf(folder, options);
  const { file } = output;
  const release = await readFile(join(folder, RELEASE));
  const [sum, made] = [`${file}.sha256`, new Set([file])];
  for (const path of [file, sum]) refuseLink(path, 'name another file with --file');
  const clear = (): void => [...made, sum].forEach((path) => removeNow(temporaryName(path)));
  const leave = atExit(clear);
  try {
    for (const path of [file, sum]) clearLeftovers(dirname(path), basename(path));
    const packed = await pack({ folder, output, progress, release: JSON.parse(release.toString()) as Release }, made);
    await refuseChanged(folder, release);
    const parts = await Promise.all([...made].map(async (path) => await factsOf(path)));
    await writeFile(temporaryName(sum), parts.map((part) => `${part.digest}  ${basename(part.file)}\n`).join(''));
    await placeWithSum(made, sum);
    const { size: _, ...first } = parts[0] as BundlePart;
    const size = parts.reduce((total, part) => total + part.size, 0);
    const { files, links } = packed;
    return { ...first, size, parts, files, links, next: [sumCheck(sum), ...packed.next([...made])] };
  } catch (error) {
    await refuseChanged(folder, release);
    throw naming(error, { made, folder, file });
  } finally {
    progress.end();
    clear();
    leave();
  }
}

interface Output {
  readonly format: BundleFormat;
  readonly file: string;
  readonly since: string | undefined;
  /** Bytes. */
  readonly maxPart: number;
}

/** What the options ask for. Throws a `Stop` where they don't go together. */
function outputOf(folder: string, { format, file, since, maxPart }: BundleOptions): Output {
  const named = /\.(tar\.gz|zip)$/.exec(file ?? '')?.[1] as ArchiveFormat | undefined;
  const chosen = format ?? named ?? 'bundle';
  if (chosen === 'overlay' && since === undefined)
    throw new Stop('usage', '--format overlay needs --since', 'name the folder of the site that the other side has');
  if ((chosen !== 'bundle' && maxPart !== undefined) || (isArchive(chosen) && since !== undefined))
    throw new Stop('usage', `--since and --max-part don't go with --format ${chosen}`, 'leave out --format');
  const most = maxPart === undefined ? Number.MAX_SAFE_INTEGER : parseSize(maxPart);
  if (most === undefined) throw new Stop('usage', `--max-part ${maxPart} is no size`, 'write it as 4G or 700M');
  const extension = isArchive(chosen)
    ? chosen
    : chosen === 'overlay'
      ? 'overlay.tar'
      : since === undefined
        ? 'tar'
        : 'delta.tar';
  return { format: chosen, file: resolve(file ?? `${folder}.${extension}`), since, maxPart: most };
}

function isArchive(format: BundleFormat): format is ArchiveFormat {
  return format === 'tar.gz' || format === 'zip';
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
    return { files, links, parts: 1, next: () => overlaying(file, basename(folder), isInTheWay) };
  }
  if (isArchive(format)) {
    const { names, ...facts } = await writeArchive(folder, { file: temporaryName(file), format }, step);
    return { ...facts, parts: 1, next: () => opening(file, { folder, format, names }) };
  }
  const base = output.since === undefined ? undefined : await openBase(output.since);
  const contents = await siteContents(folder);
  const [receiver, site] = [readReceiver(), basename(folder)];
  const readme = readmeText(basename(file), site);
  const writer = openTarWriter((part) => {
    const path = partFile(file, part);
    refuseLink(path, 'name another file with --file');
    made.add(path);
    return temporaryName(path);
  }, output.maxPart);
  const source = { release, site, contents, base, receiver, readme };
  try {
    await writeBundle(source, writer, (done, total) => progress.step('contents', done, total));
  } finally {
    writer.close();
  }
  return { files: contents.count, links: 0, parts: made.size, next: (files) => applying(files, site) };
}

/** The file of a part: `a.tar`, `a.2.tar`, … */
function partFile(file: string, part: number): string {
  if (part === 1) return file;
  const dot = file.endsWith('.tar') ? file.length - '.tar'.length : file.length;
  return `${file.slice(0, dot)}.${part}${file.slice(dot)}`;
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

function sumCheck(sum: string): string {
  return `sha256sum -c ${shellQuote(basename(sum))}`;
}

function applying(files: readonly string[], site: string): string[] {
  const names = files.map((file) => shellQuote(basename(file)));
  return [`tar xf ${names[0]} apply.mjs`, `node apply.mjs ${names.join(' ')} --to ${shellQuote(site)}`];
}

function opening(
  file: string,
  { folder, format, names }: { folder: string; format: ArchiveFormat; names: ReadonlySet<string> },
): string[] {
  const name = basename(file);
  const site = basename(folder);
  const look = `${site}.nginx/standalone.conf`;
  return [
    `${format === 'zip' ? 'unzip -q' : 'tar xzf'} ${shellQuote(name)}`,
    `sha256sum --quiet -c ${shellQuote(`${site}.SHA256SUMS`)}`,
    ...(names.has(look) ? [`nginx -p "$PWD" -c ${shellQuote(look)}`] : []),
  ];
}

/** Commands for any POSIX shell; `xargs -0` is in POSIX.1-2024, and in GNU, BSD and busybox. */
function overlaying(file: string, site: string, isInTheWay: boolean): string[] {
  const name = shellQuote(basename(file));
  const [way, removed, sums] = ['in-the-way', 'removed', 'SHA256SUMS'].map((list) => shellQuote(`${site}.${list}`));
  return [
    ...(isInTheWay ? [`tar xf ${name} ${way}`, `xargs -0 rm -rf -- < ${way}`] : []),
    `tar xf ${name}`,
    `xargs -0 rm -f -- < ${removed}`,
    `sha256sum -c ${sums} > /dev/null`,
  ];
}
