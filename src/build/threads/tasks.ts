import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { linkOrCopy } from '../../tree/commit/link.ts';
import { setContentTime } from '../../tree/content-time.ts';
import { inside } from '../../tree/inside.ts';
import { sniffMediaType } from '../../tree/media-type.ts';
import { zipLayout } from '../zip-layout.ts';
import { placeForm } from './encode.ts';
import type { FormTask, MadeForm, PackedStream } from './encode.ts';
import { writePieces } from './pieces.ts';
import type { Pieces } from './pieces.ts';

/*
 * The heavy, blocking work of a build: compressing, hashing, writing and linking. Worker threads do it, because calls
 * that block are cheaper than others, and the main thread is busy with parsing.
 */

/** The facts about a content in the store. */
export interface StoredContent {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  readonly crc32: number;
  /** The media type by its first bytes. */
  readonly sniffed: string;
  /** The place of its raw deflate stream: the pack, the offset in it, the bytes of the stream and their CRC-32. */
  readonly pack: string;
  readonly offset: number;
  readonly deflatedSize: number;
  readonly deflatedCrc32: number;
}

/** The facts about a zip, or about any other file that is kept. */
export interface StoredZip {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  readonly crc32: number;
}

/** The facts about a text that was written. */
export interface WrittenText {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
}

export interface ZipTask {
  /** The one top folder. */
  readonly top: string;
  /** The files of packs, by name. */
  readonly packs: Readonly<Record<string, string>>;
  readonly files: readonly ZipRow[];
  /** Empty folders. */
  readonly folders: readonly string[];
  /** The place of the zip, and its name until it is complete. */
  readonly path: string;
  readonly temporary: string;
}

/** Lists of values: objects with names for all of them would make a message to a thread several times as expensive. */
export type ZipRow = readonly [
  path: string,
  size: number,
  crc32: number,
  pack: string,
  offset: number,
  deflatedSize: number,
  deflatedCrc32: number,
];

/** The tasks of one thread. It has its own pack. */
export interface Work {
  /** Writes a content to `path`, and its deflate stream to the pack. */
  store(task: { readonly path: string; readonly bytes: Uint8Array }): StoredContent;
  /** Whether a kept file has the right length and CRC-32. If so, it gets the time of its content again. */
  check(task: { readonly path: string; readonly kept: StoredZip }): boolean;
  /** Makes a zip. Undefined if a deflate stream is broken. */
  zip(task: ZipTask): StoredZip | undefined;
  /** Writes texts that are not there yet. */
  write(task: { readonly files: readonly (readonly [path: string, text: string])[] }): WrittenText[];
  /** Puts contents of a store at paths below a folder. Throws an Error for a path that leaves the folder. */
  place(task: {
    readonly store: string;
    readonly folder: string;
    readonly files: readonly (readonly [content: string, path: string])[];
  }): void;
  /** Puts compressed forms in their places; undefined for each that is not smaller than its file. */
  encode(task: { readonly forms: readonly FormTask[] }): EncodedForms;
  /** Puts the content of a file at another path: a hard link, or a copy if the file system can't link. */
  link(task: { readonly from: string; readonly to: string }): void;
}

export interface EncodedForms {
  readonly forms: readonly (MadeForm | undefined)[];
  /** The pack that has those that were compressed. */
  readonly pack: string;
}

/** The file of a content in the store of a folder. */
export function contentPlace(store: string, content: string): string {
  return join(store, 'raw', content.slice(0, 2), content);
}

/** `name` and `file` belong to the pack that this thread writes. */
export function startWork({ name, file }: { readonly name: string; readonly file: string }): Work {
  const folders = new Set<string>();
  const packs = new Map<string, number>();
  const pack = openSync(file, 'w');
  let end = 0;
  const scratch = scratchMemory();
  const open = (path: string): number => {
    const found = packs.get(path) ?? openSync(path, 'r');
    packs.set(path, found);
    return found;
  };
  const makeFolder = (path: string): void => {
    const folder = dirname(path);
    if (!folders.has(folder)) mkdirSync(folder, { recursive: true });
    folders.add(folder);
  };
  const append = (bytes: Uint8Array): number => {
    const offset = end;
    writeFully(pack, bytes, offset);
    end += bytes.length;
    return offset;
  };
  const link = (from: string, to: string): void => {
    makeFolder(to);
    linkOrCopy(from, to);
  };
  const formPlaces = {
    readStream: ({ file: from, offset, size, crc32: crc }: PackedStream) => {
      const bytes = scratch(size);
      return existsSync(from) && readFully(open(from), bytes, offset) && crc32(bytes) === crc ? bytes : undefined;
    },
    appendToPack: append,
    writeFile: (path: string, bytes: Uint8Array) => {
      const digest = digestOf(bytes);
      makeFolder(path);
      writeFileSync(path, bytes);
      setContentTime(path, digest);
      return digest;
    },
    linkFile: link,
  };
  return {
    store: ({ path, bytes }) => {
      const deflated = deflateRawSync(bytes, { level: DEFLATE_LEVEL });
      makeFolder(path);
      writeNew(path, bytes);
      const digest = digestOf(bytes);
      setContentTime(path, digest);
      const offset = append(deflated);
      return {
        size: bytes.length,
        digest,
        crc32: crc32(bytes),
        sniffed: sniffMediaType(bytes),
        pack: name,
        offset,
        deflatedSize: deflated.length,
        deflatedCrc32: crc32(deflated),
      };
    },
    check: ({ path, kept }) => {
      const bytes = readWhole(path, scratch(kept.size + 1));
      if (bytes === undefined || crc32(bytes) !== kept.crc32) return false;
      setContentTime(path, kept.digest);
      return true;
    },
    zip: (task) => {
      makeFolder(task.path);
      const zip = writePieces(task.temporary, scratch, (pieces) => assemble(task, { open, pieces }));
      if (!zip) {
        rmSync(task.temporary);
        return undefined;
      }
      renameSync(task.temporary, task.path);
      setContentTime(task.path, zip.digest);
      return zip;
    },
    write: ({ files }) =>
      files.map(([path, text]) => {
        const bytes = Buffer.from(text);
        const digest = digestOf(bytes);
        makeFolder(path);
        writeFileSync(path, bytes);
        setContentTime(path, digest);
        return { size: bytes.length, digest };
      }),
    place: ({ store, folder, files }) => {
      for (const [content, path] of files) {
        const to = inside(folder, path);
        makeFolder(to);
        linkOrCopy(contentPlace(store, content), to);
      }
    },
    encode: ({ forms }) => ({ pack: name, forms: forms.map((form) => placeForm(form, formPlaces)) }),
    link: ({ from, to }) => link(from, to),
  };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The level for downloads. Higher levels take more time and save almost no bytes. */
export const DEFLATE_LEVEL = 6;

/** Memory for reuse: new pages cost more than the work in them. Each call returns the memory of the call before. */
function scratchMemory(): (size: number) => Buffer {
  let memory = Buffer.alloc(0);
  return (size) => {
    if (memory.length < size) memory = Buffer.allocUnsafeSlow(Math.ceil((size * 1.25) / 2 ** 20) * 2 ** 20);
    return memory.subarray(0, size);
  };
}

/** Puts a zip together; false where a deflate stream is not as it should be. */
function assemble(
  { top, packs, files, folders }: ZipTask,
  { open, pieces }: { open: (path: string) => number; pieces: Pieces },
): boolean {
  const layout = zipLayout(top, files.map(toZipFile), folders);
  for (const [i, file] of layout.files.entries()) {
    const head = layout.heads[i] as Uint8Array;
    pieces.room(head.length).set(head);
    const stream = pieces.room(file.deflatedSize);
    if (!readFully(open(packs[file.pack] ?? ''), stream, file.offset) || crc32(stream) !== file.deflatedCrc32)
      return false;
  }
  pieces.room(layout.tail.length).set(layout.tail);
  return true;
}

function toZipFile([path, size, crc, pack, offset, deflatedSize, deflatedCrc32]: ZipRow) {
  return { path, size, crc32: crc, pack, offset, deflatedSize, deflatedCrc32 };
}

/**
 * Never writes into an existing file, because a site may be linked to it. A correct file stays; any other one is
 * replaced.
 */
function writeNew(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (readFileSync(path).equals(bytes)) return;
    rmSync(path, { force: true });
    writeFileSync(path, bytes);
  }
}

/** Reads a file into `memory`. Undefined unless the file is exactly one byte shorter than `memory`. */
function readWhole(path: string, memory: Buffer): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    let filled = 0;
    for (let count = 1; count > 0 && filled < memory.length; filled += count)
      count = readSync(file, memory, filled, memory.length - filled, null);
    return filled === memory.length - 1 ? memory.subarray(0, filled) : undefined;
  } finally {
    closeSync(file);
  }
}

function readFully(file: number, target: Buffer, from: number): boolean {
  for (let done = 0; done < target.length;) {
    const count = readSync(file, target, done, target.length - done, from + done);
    if (count === 0) return false;
    done += count;
  }
  return true;
}

function writeFully(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, at + done);
}
