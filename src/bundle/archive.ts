import { createWriteStream, openSync } from 'node:fs';
import { once } from 'node:events';
import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { TarArchive, ZipArchive } from 'archiver';
import { Stop } from '../errors.ts';
import { hostFolder, hostNames } from '../hosts/hosts.ts';
import { comparePaths } from '../paths.ts';
import { contentTime } from '../tree/content-time.ts';
import { openEncodedList, readEncodedList } from '../tree/encoded.ts';
import { listedFiles } from '../tree/manifest.ts';

/*
 * A site as an archive of whole files, for a receiver with nothing but tar or unzip.
 */

export type ArchiveFormat = 'tar.gz' | 'zip';

export interface ArchiveFacts {
  readonly files: number;
  /** How many of these are links to other members of the archive. */
  readonly links: number;
  /** The names of all members. */
  readonly names: ReadonlySet<string>;
}

/**
 * Packs the site in `folder` and its host folders into `to.file`, with a list of digests. `step` hears how many files of how many are packed.
 * Throws an Error if something can't be read or written.
 */
export async function writeArchive(
  folder: string,
  to: { readonly file: string; readonly format: ArchiveFormat },
  step: (done: number, total: number) => void,
): Promise<ArchiveFacts> {
  const digests = await digestsOf(folder);
  const members = await membersOf(folder, { digests, canLink: to.format === 'tar.gz' });
  const sums = { name: `${basename(folder)}.SHA256SUMS`, text: [...digests].map(digestLine).join('') };
  await packMembers(members, { ...to, lists: [sums], step });
  const links = members.filter(({ link }) => link !== undefined).length;
  return { files: members.length, links, names: new Set(members.map(({ name }) => name)) };
}

export interface Member {
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
export function topsOf(folder: string): string[] {
  return [folder, ...hostNames.map((host) => hostFolder(folder, host))];
}

/** All files below a folder, as paths from its parent. */
export async function walk(parent: string, name: string): Promise<string[]> {
  const entries = await readdir(join(parent, name), { withFileTypes: true });
  const inner = await Promise.all(
    entries.map((entry) => (entry.isDirectory() ? walk(parent, `${name}/${entry.name}`) : [`${name}/${entry.name}`])),
  );
  return inner.flat();
}

/** The SHA-256 of each file that the site lists, by its name in the archive. */
export type Digests = ReadonlyMap<string, string>;

/** The SHA-256 of each file that the site lists. Throws an Error if its lists can't be read. */
export async function digestsOf(folder: string): Promise<Digests> {
  const top = basename(folder);
  const listed = [...(await listedFiles(folder)), ...openEncodedList(readEncodedList(folder)).files()];
  return new Map(listed.map(({ path, digest }) => [`${top}/${path}`, digest]));
}

/**
 * A line of a list that `sha256sum -c` reads, because the other side may have no other tool. There, a line whose name has a backslash
 * or a line break begins with a backslash, and these characters are escaped.
 */
export function digestLine([path, digest]: readonly [string, string]): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === path ? '' : '\\'}${digest}  ${escaped}\n`;
}

/** Writes lists, then members, into an archive. Throws an Error if something can't be read or written. */
export async function packMembers(
  members: readonly Member[],
  to: {
    file: string;
    format: ArchiveFormat | 'tar';
    lists: readonly { name: string; text: string }[];
    step: (done: number, total: number) => void;
  },
): Promise<void> {
  for (const { name } of members) refuseBackslash(name, to.format);
  const archive =
    to.format === 'zip'
      ? new ZipArchive({ zlib: { level: 6 }, forceZip64: true })
      : new TarArchive({ gzip: to.format === 'tar.gz' });
  // Opened at once: a signal from now on finds a file to remove.
  const output = createWriteStream(to.file, { fd: openSync(to.file, 'w'), flush: true });
  archive.on('warning', (error) => archive.destroy(error)); // of a file that is gone
  // Not by `pipeline`: it would hand the error of a full disk to the tar, whose entry then throws it with no listener.
  archive.pipe(output);
  const written = Promise.all([finished(archive, { writable: false }), finished(output)]);
  try {
    await Promise.race([written, appendAll(archive, members, to)]);
    await written;
  } finally {
    archive.unpipe(output);
    output.destroy();
  }
}

/** archiver takes a backslash for what separates folders. */
function refuseBackslash(name: string, format: string): void {
  if (!name.includes('\\')) return;
  const kind = format === 'tar' ? 'an overlay' : `a ${format}`;
  throw new Stop('usage', `${kind} can't hold ${name}: its name has a backslash`, 'leave out --format');
}

/** Adds one file at a time. archiver stats files in advance, which could put a link before its file. */
async function appendAll(
  archive: TarArchive | ZipArchive,
  members: readonly Member[],
  { lists, step }: { lists: readonly { name: string; text: string }[]; step: (done: number, total: number) => void },
): Promise<void> {
  let done = 0;
  const appended = async (append: () => void): Promise<void> => {
    const entry = once(archive, 'entry');
    append();
    await entry;
    step(++done, members.length + lists.length);
  };
  for (const { name, text } of lists) await appended(() => archive.append(text, { name, date: EPOCH }));
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
