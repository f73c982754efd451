import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import type { Finding } from '../errors.ts';
import { isAbsence } from '../errors.ts';
import { excess, excessText } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { toByteString } from '../tree/text.ts';
import { EXECUTABLE, FILE, FOLDER, LINK } from './git/tree.ts';
import { blobId, treeId } from './object-id.ts';

/*
 * Folders of files as git trees: each folder gets the id that git gives its content, so that equal folders have equal ids
 * whatever holds them. A file is read only where its stat tells that it may have changed. The calls block: a walk over the
 * real storage, with a stat of each of its 155,094 files, takes 1.3 s of CPU time, and 8.2 s by fast-glob.
 */

/** Something in a folder, as a git tree would have it. */
export interface FolderEntry {
  readonly name: string;
  readonly mode: string;
  /** Of a file its content's, of a folder its tree's. */
  readonly id: string;
  /** Of a file, in bytes. */
  readonly size: number;
  /** Why it can't be part of a package; undefined where it can. */
  readonly fault: Pick<Finding, 'code' | 'text'> | undefined;
}

/** What is known of a folder: enough to tell that nothing in it has changed, and what is in it. */
export interface FolderRecord {
  /** The id of its tree. */
  readonly tree: string;
  /**
   * Name and stat of each entry in the order of the file system, joined by slashes, which no name has. The stat of a folder is
   * the id of its tree. It begins with `?` where it can't be relied on. The second word is the size of a file.
   */
  readonly stats: string;
  /** Mode and id of each entry in the same order, joined by spaces; in place of the id of one with a fault `!` and its code. */
  readonly ids: string;
}

export interface FolderTrees {
  /** The id of the whole tree. */
  readonly tree: string;
  /** The records of all folders by their path below the root: '' for the root itself, `/acme/1.0.0`. */
  readonly records: ReadonlyMap<string, FolderRecord>;
  /** Whether there is more or less to know than was known. */
  readonly isNew: boolean;
  /** What is directly in a folder. */
  entries(folder: string): FolderEntry[];
}

export interface ReadingFolders {
  readonly limits: Limits;
  /** How many folders packages lie in: two in a layer, none where the folder is a package. */
  readonly above: number;
  /** The records of an earlier time. */
  readonly known?: ReadonlyMap<string, FolderRecord> | undefined;
}

/**
 * Reads the tree of a folder. Symbolic links are never followed. What can't be read, or is larger than the limits of a package
 * allow, is an entry with a fault; only where the folder itself can't be, the error of the file system is thrown.
 */
export function readFolderTrees(root: string, { limits, above, known = new Map() }: ReadingFolders): FolderTrees {
  const records = new Map<string, FolderRecord>();
  let isNew = false;
  /** Of the package that is read now. */
  let entries = 0;

  /** The id of a folder's tree; undefined where its package has too many entries. */
  const scan = (folder: string, depth: number): string | undefined => {
    const names = readdirSync(root + folder, { withFileTypes: true });
    entries = depth <= above ? 0 : entries + names.length;
    if (entries > limits.entries) return undefined;
    const found = names.flatMap((entry) => look(folder, entry, depth));
    const stats = found.map(({ name, stat }) => `${name}/${stat}`).join('/');
    const before = known.get(folder);
    if (before?.stats === stats) {
      records.set(folder, before);
      return before.tree;
    }
    isNew = true;
    const old = idsByStat(before);
    const record = recordOf(found.map((one) => identify(one, old.get(`${one.name}/${one.stat}`), limits)));
    records.set(folder, record);
    return record.tree;
  };

  /** What can be told of an entry without reading it; nothing where it has just been removed. */
  const look = (folder: string, entry: Dirent, depth: number): Found | [] => {
    const { name } = entry;
    const path = `${root}${folder}/${name}`;
    try {
      if (entry.isDirectory()) {
        if (depth >= above + limits.depth) return unread(name, path, TOO_DEEP);
        const inner = scan(`${folder}/${name}`, depth + 1);
        return inner === undefined ? unread(name, path, TOO_MANY) : { name, path, mode: FOLDER, stat: inner, size: 0 };
      }
      return fileAt(path, entry);
    } catch (error) {
      if (!isAbsence(error)) return unread(name, path, codeOf(error));
      return name.includes('\ufffd') ? unread(name, path, BAD_NAME) : [];
    }
  };

  const tree = scan('', 0) ?? treeId([]);
  return {
    tree,
    records,
    isNew: isNew || records.size !== known.size,
    entries: (folder) => entriesOf(records.get(folder), limits),
  };
}

function unread(name: string, path: string, fault: string): Found {
  return { name, path, mode: OTHER, stat: UNRELIABLE, size: 0, fault };
}

function fileAt(path: string, entry: Dirent): Found {
  const { mode, size, mtimeNs, ctimeNs, ino } = lstatSync(path, { bigint: true });
  const isExecutable = (mode & 0o100n) !== 0n;
  const kind = entry.isFile() ? (isExecutable ? EXECUTABLE : FILE) : entry.isSymbolicLink() ? LINK : OTHER;
  const changed = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  const stat = `${kind} ${size} ${mtimeNs} ${ctimeNs} ${ino}`;
  return { name: entry.name, path, mode: kind, stat, size: Number(size), changed };
}

interface Found {
  readonly name: string;
  readonly path: string;
  readonly mode: string;
  readonly stat: string;
  /** In bytes; 0 of what is no file. */
  readonly size: number;
  /** When it was last changed, in nanoseconds. */
  readonly changed?: bigint;
  readonly fault?: string;
}

/** Neither a file nor a folder, or nothing that can be read. */
const OTHER = '0';
const BAD_NAME = 'name';
const TOO_DEEP = 'depth';
const TOO_MANY = 'entries';
const TOO_LARGE = 'file';
/** Never what is found again, so that nothing is known of it. */
const UNRELIABLE = '?';

interface Identified extends Pick<Found, 'name' | 'mode' | 'stat'> {
  readonly id: string;
}

/** An entry with its id: the one that is known for its stat, or that of what is read now. */
function identify(found: Found, known: string | undefined, limits: Limits): Identified {
  const { name, path, mode, stat, size, fault, changed = 0n } = found;
  if (mode === FOLDER) return { name, mode, stat, id: stat };
  const unsettled = `${UNRELIABLE} ${size}`;
  if (size > limits.file) return { name, mode: OTHER, stat: unsettled, id: `!${TOO_LARGE}` };
  if (known !== undefined) return { name, mode, stat, id: known };
  if (mode === OTHER) return { name, mode, stat, id: `!${fault ?? ''}` };
  // A file that changed just now may change again within the same tick of the file system's clock, and keep its stat.
  const isSettled = changed < BigInt(Date.now() - SETTLED_AFTER) * 1_000_000n;
  try {
    const bytes = mode === LINK ? readlinkSync(path, { encoding: 'buffer' }) : readFileSync(path);
    return { name, mode, stat: isSettled ? stat : unsettled, id: blobId(bytes) };
  } catch (error) {
    return { name, mode: OTHER, stat: unsettled, id: `!${codeOf(error)}` };
  }
}

/** In milliseconds; more than the coarsest clock of a file system, which is that of FAT. */
const SETTLED_AFTER = 2500;

function recordOf(entries: readonly Identified[]): FolderRecord {
  return {
    tree: treeId(
      entries.map(({ name, mode, id }) => ({ mode, name: toByteString(name), id: isFault(id) ? NO_OBJECT : id })),
    ),
    stats: entries.map(({ name, stat }) => `${name}/${stat}`).join('/'),
    ids: entries.map(({ mode, id }) => `${mode} ${id}`).join(' '),
  };
}

const NO_OBJECT = '0'.repeat(40);

function isFault(id: string): boolean {
  return id.startsWith('!');
}

/** `<name>/<stat>` -> id, of what can be relied on. */
function idsByStat(record: FolderRecord | undefined): Map<string, string> {
  if (!record) return new Map();
  const [parts, ids] = [record.stats.split('/'), record.ids.split(' ')];
  return new Map(
    ids.flatMap((id, i) => {
      const [name, stat] = [parts[i - 1] ?? '', parts[i] ?? ''];
      return i % 2 === 0 || stat.startsWith(UNRELIABLE) ? [] : [[`${name}/${stat}`, id]];
    }),
  );
}

function entriesOf(record: FolderRecord | undefined, limits: Limits): FolderEntry[] {
  if (!record || record.stats === '') return [];
  const [parts, ids] = [record.stats.split('/'), record.ids.split(' ')];
  return parts.flatMap((name, i) => {
    const [mode = OTHER, id = ''] = [ids[i], ids[i + 1]];
    if (i % 2 === 1) return [];
    const size = mode === FOLDER ? 0 : Number(parts[i + 1]?.split(' ')[1] ?? 0);
    return [{ name, mode, id, size, fault: faultOf({ mode, id, size }, limits) }];
  });
}

function faultOf(
  { mode, id, size }: Pick<FolderEntry, 'mode' | 'id' | 'size'>,
  limits: Limits,
): Pick<Finding, 'code' | 'text'> | undefined {
  if (mode === LINK) return unfit('is a symbolic link');
  if (!isFault(id)) return undefined;
  switch (id.slice(1)) {
    case '':
      return unfit('is not a file');
    case BAD_NAME:
      return unfit('has a name that is not UTF-8');
    case TOO_DEEP:
    case TOO_MANY:
      return { code: 'limit', text: excessText(limits, id.slice(1) as 'depth' | 'entries') };
    case TOO_LARGE:
      return { code: 'limit', text: excess(limits, 'file', size) ?? excessText(limits, 'file') };
    default:
      return unfit(`can't be read: ${id.slice(1)}`);
  }
}

function unfit(text: string): Pick<Finding, 'code' | 'text'> {
  return { code: 'unfit', text };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).name;
}
