import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { writeAside } from '../../tree/commit/aside.ts';
import { linkOrCopy } from '../../tree/commit/link.ts';
import { setContentTime } from '../../tree/content-time.ts';
import { inside } from '../../tree/inside.ts';
import { sniffMediaType } from '../../tree/media-type.ts';
import { zipLayout } from '../zip-layout.ts';
import { placeForm } from './encode.ts';
import type { FormPlaces, FormTask, MadeForm } from './encode.ts';
import { folderMaker, readWhole, scratchMemory, writeContent, writeWithTime } from './files.ts';
import type { Scratch } from './files.ts';
import { newPack, packReader } from './packs.ts';
import type { PackReader } from './packs.ts';
import { writePieces } from './pieces.ts';
import type { Pieces } from './pieces.ts';

/*
 * The heavy tasks of a build: compressing, hashing, writing and linking. Threads carry them out, because calls that block
 * are cheaper than others, and the main thread is busy with parsing.
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

export interface ContentTask {
  /** The place of the content, and its name until it is complete. */
  readonly path: string;
  readonly temporary: string;
  readonly bytes: Uint8Array;
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

/** The tasks that a thread can carry out. It has its own pack. */
export interface Tasks {
  /** Puts a content at its place, and its deflate stream into the pack. */
  store(task: ContentTask): StoredContent;
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
  /** The pack with the forms that were compressed just now. */
  readonly pack: string;
}

/** The file of a content in the store of a folder. */
export function contentPlace(store: string, content: string): string {
  return join(store, 'raw', content.slice(0, 2), content);
}

/** What the tasks of a thread share. */
interface Tools {
  readonly scratch: Scratch;
  /** Makes the folder of a file. */
  readonly makeFolder: (file: string) => void;
  /** The name of the thread's own pack. */
  readonly pack: string;
  /** Appends a stream to it, and gives the offset. */
  readonly append: (bytes: Uint8Array) => number;
  readonly packs: PackReader;
}

/** The tasks of a thread that writes the pack with this name into this file. */
export function threadTasks({ name, file }: { readonly name: string; readonly file: string }): Tasks {
  const scratch = scratchMemory();
  const makeFolder = folderMaker();
  const tools: Tools = { scratch, makeFolder, pack: name, append: newPack(file), packs: packReader(scratch) };
  const link = (from: string, to: string): void => {
    makeFolder(to);
    linkOrCopy(from, to);
  };
  const write = (path: string, bytes: Uint8Array): string => {
    makeFolder(path);
    return writeWithTime(path, bytes);
  };
  const formPlaces: FormPlaces = {
    readStream: tools.packs.read,
    appendToPack: tools.append,
    writeFile: write,
    linkFile: link,
  };
  return {
    store: (task) => storeContent(task, tools),
    check: (task) => checkFile(task, tools),
    zip: (task) => makeZip(task, tools),
    write: ({ files }) =>
      files.map(([path, text]) => {
        const bytes = Buffer.from(text);
        return { size: bytes.length, digest: write(path, bytes) };
      }),
    place: ({ store, folder, files }) => {
      for (const [content, path] of files) link(contentPlace(store, content), inside(folder, path));
    },
    encode: ({ forms }) => ({ pack: name, forms: forms.map((form) => placeForm(form, formPlaces)) }),
    link: ({ from, to }) => link(from, to),
  };
}

/** The level for downloads. Higher levels take more time and save almost no bytes. */
export const DEFLATE_LEVEL = 6;

function storeContent(task: ContentTask, { makeFolder, pack, append }: Tools): StoredContent {
  const { bytes } = task;
  const sniffed = sniffMediaType(bytes);
  // Zips are packed already, and no zip of a package holds one: to deflate them takes 24 ms for each MB, and saves nothing.
  const deflated = deflateRawSync(bytes, { level: sniffed === 'application/zip' ? 0 : DEFLATE_LEVEL });
  makeFolder(task.path);
  const digest = writeContent(task, bytes);
  return {
    size: bytes.length,
    digest,
    crc32: crc32(bytes),
    sniffed,
    pack,
    offset: append(deflated),
    deflatedSize: deflated.length,
    deflatedCrc32: crc32(deflated),
  };
}

function checkFile({ path, kept }: { readonly path: string; readonly kept: StoredZip }, { scratch }: Tools): boolean {
  const bytes = readWhole(path, scratch(kept.size + 1));
  if (bytes === undefined || crc32(bytes) !== kept.crc32) return false;
  setContentTime(path, kept.digest);
  return true;
}

function makeZip(task: ZipTask, { makeFolder, scratch, packs }: Tools): StoredZip | undefined {
  makeFolder(task.path);
  return writeAside(task, (temporary) => {
    const zip = writePieces(temporary, scratch, (pieces) => assemble(task, packs, pieces));
    if (zip) setContentTime(temporary, zip.digest);
    return zip;
  });
}

/** Puts a zip together; false where a deflate stream is not as it should be. */
function assemble({ top, packs, files, folders }: ZipTask, reader: PackReader, pieces: Pieces): boolean {
  const layout = zipLayout(top, files.map(toZipFile), folders);
  for (const [i, { pack, offset, deflatedSize, deflatedCrc32 }] of layout.files.entries()) {
    const head = layout.heads[i] as Uint8Array;
    pieces.room(head.length).set(head);
    const stream = { file: packs[pack] ?? '', offset, crc32: deflatedCrc32 };
    if (!reader.readInto(pieces.room(deflatedSize), stream)) return false;
  }
  pieces.room(layout.tail.length).set(layout.tail);
  return true;
}

function toZipFile([path, size, crc, pack, offset, deflatedSize, deflatedCrc32]: ZipRow) {
  return { path, size, crc32: crc, pack, offset, deflatedSize, deflatedCrc32 };
}
