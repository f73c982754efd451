import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { linkOrCopy } from '../../tree/commit/link.ts';
import type { Lock } from '../../tree/commit/lock.ts';
import { patchFolder, renewFolder } from '../../tree/commit/patch.ts';
import type { PatchedFolder } from '../../tree/commit/patch.ts';
import { contentTime, setContentTime } from '../../tree/content-time.ts';
import { HOST_RECORD, INDEX, RELEASE } from '../../tree/layout.ts';
import { makeFolder } from '../../tree/make-folder.ts';
import { wrong } from '../checked.ts';
import { breather } from './breath.ts';
import type { Held, HeldFile } from './held.ts';
import type { TargetFiles } from './target.ts';

/*
 * From what some folders hold to what they are to hold: what is new is written beside each, and then they switch, one right after the other.
 */

/** A folder that changes. */
export interface FolderChange {
  readonly folder: string;
  /** '' for the site. */
  readonly host: string;
  readonly target: TargetFiles;
  readonly held: Held;
  /** Paths that come to the folder, or whose content changes. */
  readonly added: readonly string[];
  /** Everything that goes. That of an empty folder ends with a slash. */
  readonly removed: readonly string[];
}

/** Compares what a folder holds with what it is to hold. */
export function planChange(place: Pick<FolderChange, 'folder' | 'host' | 'target' | 'held'>): FolderChange {
  const { target, held } = place;
  const [added, removed]: [string[], string[]] = [[], []];
  for (const [path, { digest }] of target) if (held.files.get(path)?.digest !== digest) added.push(path);
  for (const path of held.files.keys()) if (!target.has(path)) removed.push(path);
  return { ...place, added, removed: [...removed, ...held.strays] };
}

export interface Making {
  readonly lock: Lock;
  /** The name of the bundle, for messages. */
  readonly from: string;
  /** A file that holds a content, as a path on disk, where the folders had one from the start. */
  placeOf(content: HeldFile): string | undefined;
  chunks(content: HeldFile): Iterable<Uint8Array>;
  /** Is told the bytes that are written. */
  onWrite(bytes: number): void;
}

/**
 * Changes folders, the site last in the list: all that is new is made and checked before the first of them switches. A run that is
 * interrupted leaves each as it was or as it is to be. Throws a `Stop` where a content isn't what the bundle says.
 */
export async function changeFolders(changes: readonly FolderChange[], making: Making): Promise<void> {
  const write = contentWriter(making);
  const next = async ([change, ...rest]: readonly FolderChange[]): Promise<void> => {
    if (!change) return;
    if (change.added.length + change.removed.length === 0) return await next(rest);
    const place = placeOf(change, making.lock);
    if (isMostlyNew(change))
      await renewFolder(place, async (temporary) => {
        await fill(change, [...change.target.keys()], { temporary, write });
        await next(rest);
      });
    else
      await patchFolder(place, async (temporary) => {
        await fill(change, change.added, { temporary, write });
        await next(rest);
        return { result: undefined, removed: change.removed, last: [INDEX, place.witness] };
      });
  };
  await next(changes);
}

function placeOf({ folder, host }: FolderChange, lock: Lock): PatchedFolder {
  return host === ''
    ? { folder, lock, witness: RELEASE, isRead: 'by journal' }
    : { folder, lock, witness: HOST_RECORD, isRead: 'as it lies' };
}

/** Readers look through the list of removed files for each file, so a long one makes them slow. The folder of a host also has those of the host's tools, which stay. */
function isMostlyNew({ host, target, added, removed }: FolderChange): boolean {
  return host === '' && (added.length > target.size / 2 || removed.length > MOST_REMOVED);
}

const MOST_REMOVED = 2000;

type ContentWriter = (content: HeldFile, to: string) => void;

async function fill(
  { target, folder, held }: FolderChange,
  paths: readonly string[],
  { temporary, write }: { readonly temporary: string; readonly write: ContentWriter },
): Promise<void> {
  const breathe = breather();
  const made = new Set<string>();
  for (const path of paths) {
    const content = target.get(path) as HeldFile;
    const to = join(temporary, path);
    const parent = dirname(to);
    if (!made.has(parent)) makeFolder(parent);
    made.add(parent);
    if (held.files.get(path)?.digest === content.digest) linkTimed(join(folder, path), to, content.digest);
    else write(content, to);
    await breathe();
  }
}

/** Writes each content once, and links it to where else it belongs. */
function contentWriter({ placeOf: heldPlace, chunks, onWrite, from }: Making): ContentWriter {
  const written = new Map<string, string>();
  return (content, to) => {
    const place = written.get(content.digest) ?? heldPlace(content);
    if (place !== undefined) return linkTimed(place, to, content.digest);
    writeChecked(to, chunks(content), { content, from, onWrite });
    setContentTime(to, content.digest);
    written.set(content.digest, to);
  };
}

function linkTimed(place: string, to: string, digest: string): void {
  linkOrCopy(place, to);
  setContentTime(to, digest);
}

/** Writes a content to a new file. Throws a `Stop` where it isn't the right one; `from` is the name of the bundle. */
export function writeChecked(
  to: string,
  chunks: Iterable<Uint8Array>,
  { content, from, onWrite }: Pick<Making, 'from' | 'onWrite'> & { readonly content: HeldFile },
): void {
  const hash = createHash('sha256');
  const file = openSync(to, 'wx');
  let size = 0;
  try {
    for (const chunk of gathered(chunks)) {
      size += chunk.length;
      if (size > content.size) break;
      hash.update(chunk);
      for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done);
      onWrite(chunk.length);
    }
  } finally {
    closeSync(file);
  }
  if (size !== content.size || hash.digest('hex') !== content.digest)
    throw wrong(from, `makes another content than it says, ${content.digest}`);
}

/** Small pieces as large ones: a call of the system costs more than copying them. */
function* gathered(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for (const chunk of chunks) {
    waiting.push(chunk);
    size += chunk.length;
    if (size < PIECE) continue;
    yield waiting.length === 1 ? chunk : Buffer.concat(waiting);
    [waiting, size] = [[], 0];
  }
  if (size > 0) yield Buffer.concat(waiting);
}

/** Bytes. */
const PIECE = 2 ** 19;

/** Gives files that stay the times of their contents, where somebody changed these. */
export function mendTimes({ folder, target, held }: FolderChange): void {
  for (const [path, { digest, mtimeMs }] of held.files)
    if (target.get(path)?.digest === digest && mtimeMs !== 1000 * contentTime(digest))
      setContentTime(join(folder, path), digest);
}
