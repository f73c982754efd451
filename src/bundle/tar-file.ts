import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { Stop } from '../errors.ts';
import { sizeText } from './sizes.ts';
import { packName } from './description.ts';
import type { BundleMember } from './description.ts';
import { MAX_MEMBER, TAR_END, tarHeader, tarPadding } from './tar.ts';

/*
 * Writes the tars of a bundle.
 */

export interface TarWriter {
  /** Adds a member. */
  add(name: string, bytes: Uint8Array): void;
  /** Adds a stream to a pack, and gives the number of the pack. */
  addStream(bytes: Uint8Array): number;
  /** The members that were added. */
  members(): readonly BundleMember[];
  /** Ends the last part. All parts are on the disk then. */
  end(): void;
  /** Closes the file that is open, if there is one. */
  close(): void;
}

/**
 * `partFile` is the file of a part, by its number from 1; `maxPart` is the most bytes of one. Throws a `Stop` for what doesn't fit in a
 * part, and the system's error.
 */
export function openTarWriter(partFile: (part: number) => string, maxPart: number): TarWriter {
  const members: BundleMember[] = [];
  let tar: OpenTar | undefined;
  let [part, packs] = [0, 0];
  let pack: OpenPack | undefined;
  const endPart = (): void => {
    endPack();
    tar?.write(TAR_END);
    tar?.end();
    tar = undefined;
  };
  const endPack = (): void => {
    if (!tar || !pack) return;
    const { name, start, hash } = pack;
    const size = tar.length() - start;
    tar.write(Buffer.alloc(tarPadding(size)));
    tar.writeAt(tarHeader(name, size), start - HEADER);
    members.push({ name, size, digest: hash.digest('hex'), part });
    pack = undefined;
  };
  /** The tar to which so many bytes can be added, with the header and all that may follow. */
  const withRoom = (size: number): OpenTar => {
    if (size + OVERHEAD > maxPart) throw tooLarge(size, maxPart);
    if (tar && tar.length() + size + OVERHEAD > maxPart) endPart();
    tar ??= openTar(partFile(++part));
    return tar;
  };
  return {
    add: (name, bytes) => {
      endPack();
      writeMember(withRoom(bytes.length), name, bytes);
      members.push({ name, size: bytes.length, digest: createHash('sha256').update(bytes).digest('hex'), part });
    },
    addStream: (bytes) => {
      const to = withRoom(bytes.length);
      if (pack && to.length() - pack.start + bytes.length > MAX_PACK) endPack();
      if (!pack) {
        to.write(Buffer.alloc(HEADER)); // it is written when the size is known
        pack = { name: packName(++packs), start: to.length(), hash: createHash('sha256') };
      }
      pack.hash.update(bytes);
      to.write(bytes);
      return packs;
    },
    members: () => members,
    end: endPart,
    close: () => tar?.close(),
  };
}

function tooLarge(size: number, maxPart: number): Stop {
  const message = `a part of ${sizeText(maxPart)} can't hold ${sizeText(size)} in one piece`;
  return new Stop('usage', message, 'allow more for --max-part');
}

function writeMember(tar: OpenTar, name: string, bytes: Uint8Array): void {
  tar.write(tarHeader(name, bytes.length));
  tar.write(bytes);
  tar.write(Buffer.alloc(tarPadding(bytes.length)));
}

interface OpenPack {
  readonly name: string;
  readonly start: number;
  readonly hash: Hash;
}

const HEADER = 512;
/** Two headers, two paddings, the end. */
const OVERHEAD = 2 * HEADER + 2 * 511 + TAR_END.length;
const MAX_PACK = Math.min(2 ** 32, MAX_MEMBER);

interface OpenTar {
  write(bytes: Uint8Array): void;
  writeAt(bytes: Uint8Array, offset: number): void;
  length(): number;
  /** Brings it to the disk, and closes it. */
  end(): void;
  close(): void;
}

/** Many streams are small, so writes are gathered. */
function openTar(path: string): OpenTar {
  const file = openSync(path, 'w');
  const waiting = Buffer.allocUnsafe(2 ** 20);
  let [filled, written, isOpen] = [0, 0, true];
  const flush = (): void => {
    writeFully(file, waiting.subarray(0, filled), written);
    written += filled;
    filled = 0;
  };
  const close = (): void => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  return {
    length: () => written + filled,
    write: (bytes) => {
      if (filled + bytes.length > waiting.length) flush();
      if (bytes.length > waiting.length) {
        writeFully(file, bytes, written);
        written += bytes.length;
      } else {
        waiting.set(bytes, filled);
        filled += bytes.length;
      }
    },
    writeAt: (bytes, offset) => {
      flush();
      writeFully(file, bytes, offset);
    },
    end: () => {
      flush();
      fsyncSync(file);
      close();
    },
    close,
  };
}

function writeFully(file: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, offset + done);
}
