import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, openSync } from 'node:fs';
import { once } from 'node:events';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TarArchive, ZipArchive } from 'archiver';
import { shellQuote } from '../../command-line.ts';
import { hostFolder, hostNames } from '../../hosts/hosts.ts';
import { isAbsence, Stop } from '../../errors.ts';
import { isSystemError } from '../../system-errors.ts';
import { atExit } from '../../tree/commit/at-exit.ts';
import { clearLeftovers, removeNow, temporaryName } from '../../tree/commit/leftovers.ts';
import { placeWithSum, refuseLink } from '../../tree/commit/output-file.ts';
import { isChanging } from '../../tree/commit/patch.ts';
import { recoverIfFree } from '../../tree/commit/replace.ts';
import { comparePaths } from '../../paths.ts';
import { contentTime } from '../../tree/content-time.ts';
import type { Progress } from '../../report.ts';
import { openEncodedList, readEncodedList } from '../../tree/encoded.ts';
import { RELEASE } from '../../tree/layout.ts';
import { listedFiles } from '../../tree/manifest.ts';
import { requireSite, siteFolder } from '../site-folder.ts';
import type { SiteOptions } from '../site-folder.ts';

export interface BundleOptions extends SiteOptions {
  readonly format: 'tar.gz' | 'zip';
  /** The file to write. By default it is beside the site and has its name. */
  readonly file?: string | undefined;
}

export interface BundleReport {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. `<file>.sha256` holds it too. */
  readonly digest: string;
  readonly files: number;
  /** How many of these are links to other members of the archive. */
  readonly links: number;
  /** The commands that open it on the other side, to paste. */
  readonly next: readonly string[];
}

interface Member {
  /** Its name in the archive. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  /** That of its content for a file of the site, since nginx makes ETags of times; the same for all other files. */
  readonly date: Date;
  /** The name of an earlier member that is the same file. */
  readonly link: string | undefined;
}

/**
 * Packs a site, and what `build --target` wrote beside it, into one file to carry to another network, with a list of digests
 * to check it by. The file appears once it is whole. Throws a `Stop` where there is no site, or where it is built again meanwhile.
 */
export async function bundle(options: BundleOptions, progress: Progress): Promise<BundleReport> {
  const folder = siteFolder(options);
  requireSite(folder, options, RELEASE);
  for (const one of topsOf(folder)) recoverIfFree(one);
  const { format } = options;
  const file = resolve(options.file ?? `${folder}.${format}`);
  const release = await readFile(join(folder, RELEASE));
  const sum = `${file}.sha256`;
  for (const path of [file, sum]) refuseLink(path, 'name another file with --file');
  const temporary = temporaryName(file);
  const clear = (): void => [temporary, temporaryName(sum)].forEach(removeNow);
  const leave = atExit(clear);
  try {
    for (const path of [file, sum]) clearLeftovers(dirname(path), basename(path));
    const digests = await digestsOf(folder);
    const members = await membersOf(folder, { digests, canLink: format === 'tar.gz' });
    const sums = { name: `${basename(folder)}.SHA256SUMS`, text: [...digests].map(digestLine).join('') };
    await pack(members, { file: temporary, format, sums, progress });
    await refuseChanged(folder, release);
    const digest = await digestOf(temporary);
    const { size } = await lstat(temporary);
    await writeFile(temporaryName(sum), `${digest}  ${basename(file)}\n`);
    await placeWithSum({ file: temporary, sum: temporaryName(sum) }, { file, sum });
    const links = members.filter(({ link }) => link !== undefined).length;
    return { file, size, digest, files: members.length, links, next: opening(file, { folder, format, members }) };
  } catch (error) {
    await refuseChanged(folder, release);
    throw naming(error, { temporary, file, folder });
  } finally {
    progress.end();
    clear();
    leave();
  }
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
function naming(error: unknown, { temporary, file, folder }: Record<'temporary' | 'file' | 'folder', string>): unknown {
  if (!isSystemError(error)) return error;
  if (error.path === undefined) error.path = error.syscall === 'read' ? folder : file;
  else if (error.path === temporary) error.path = file;
  return error;
}

/**
 * The files of the site and of its host folders, in walk order. With `canLink`, files that are one on disk are packed
 * once.
 */
async function membersOf(
  folder: string,
  { digests, canLink }: { readonly digests: Digests; readonly canLink: boolean },
): Promise<Member[]> {
  const parent = dirname(folder);
  const wanted = new Set(topsOf(folder).map((path) => basename(path)));
  const names = (await readdir(parent)).filter((name) => wanted.has(name));
  const seen = new Map<string, string>();
  const members: Member[] = [];
  for (const name of (await Promise.all(names.map((top) => walk(parent, top)))).flat().sort(comparePaths)) {
    const path = join(parent, name);
    const { ino, dev, nlink, size } = await lstat(path);
    const identity = `${dev}:${ino}`;
    const link = canLink && nlink > 1 ? seen.get(identity) : undefined;
    if (link === undefined) seen.set(identity, name);
    const digest = digests.get(name);
    const date = digest === undefined ? EPOCH : new Date(1000 * contentTime(digest));
    members.push({ name, path, size, date, link });
  }
  return members;
}

/** The folders that are packed, if they are there. */
function topsOf(folder: string): string[] {
  return [folder, ...hostNames.map((host) => hostFolder(folder, host))];
}

async function walk(parent: string, name: string): Promise<string[]> {
  const entries = await readdir(join(parent, name), { withFileTypes: true });
  const inner = await Promise.all(
    entries.map((entry) => (entry.isDirectory() ? walk(parent, `${name}/${entry.name}`) : [`${name}/${entry.name}`])),
  );
  return inner.flat();
}

/** The SHA-256 of each file that the site lists, by its name in the archive. */
type Digests = ReadonlyMap<string, string>;

async function digestsOf(folder: string): Promise<Digests> {
  const top = basename(folder);
  const listed = [...(await listedFiles(folder)), ...openEncodedList(readEncodedList(folder)).files()];
  return new Map(listed.map(({ path, digest }) => [`${top}/${path}`, digest]));
}

/**
 * A line of a list that `sha256sum -c` reads, because the other side may have no other tool. There, a line whose name has a backslash
 * or a line break begins with a backslash, and these characters are escaped.
 */
function digestLine([path, digest]: readonly [string, string]): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === path ? '' : '\\'}${digest}  ${escaped}\n`;
}

async function pack(
  members: readonly Member[],
  to: { file: string; format: BundleOptions['format']; sums: { name: string; text: string }; progress: Progress },
): Promise<void> {
  const archive =
    to.format === 'zip' ? new ZipArchive({ zlib: { level: 6 }, forceZip64: true }) : new TarArchive({ gzip: true });
  // Opened at once: a signal from now on finds a file to remove.
  const output = createWriteStream(to.file, { fd: openSync(to.file, 'w'), flush: true });
  const written = pipeline(archive, output);
  archive.on('warning', (error) => archive.destroy(error)); // of a file that is gone
  await Promise.race([written, appendAll(archive, members, to)]);
  await written;
}

/** Adds one file at a time. archiver stats files in advance, which could put a link before its file. */
async function appendAll(
  archive: TarArchive | ZipArchive,
  members: readonly Member[],
  { sums, progress }: { sums: { name: string; text: string }; progress: Progress },
): Promise<void> {
  let done = 0;
  const appended = async (append: () => void): Promise<void> => {
    const entry = once(archive, 'entry');
    append();
    await entry;
    progress.step('bundle', ++done, members.length + 1);
  };
  await appended(() => archive.append(sums.text, { name: sums.name, date: EPOCH }));
  for (const member of members) await appended(() => append(archive, member));
  await archive.finalize();
}

const EPOCH = new Date('1980-01-01T00:00:00Z');

function append(archive: TarArchive | ZipArchive, { name, path, date, link }: Member): void {
  // The types of archiver know only files, folders and symbolic links, but its tar has hard links too.
  const data = { name, date, mode: 0o644 };
  if (link === undefined) archive.file(path, data);
  else archive.append(Buffer.alloc(0), { ...data, type: 'link', linkname: link } as typeof data);
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function opening(
  file: string,
  { folder, format, members }: { folder: string; format: BundleOptions['format']; members: readonly Member[] },
): string[] {
  const name = basename(file);
  const site = basename(folder);
  const look = `${site}.nginx/standalone.conf`;
  return [
    `sha256sum -c ${shellQuote(`${name}.sha256`)}`,
    `${format === 'zip' ? 'unzip -q' : 'tar xzf'} ${shellQuote(name)}`,
    `sha256sum --quiet -c ${shellQuote(`${site}.SHA256SUMS`)}`,
    ...(members.some((member) => member.name === look) ? [`nginx -p "$PWD" -c ${shellQuote(look)}`] : []),
  ];
}
