import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { membersOfZip, streamOffset } from '../../tree/zip-directory.ts';
import type { Stream } from '../recipe.ts';
import type { HeldFile } from './held.ts';
import { readRange } from './read-at.ts';
import type { Range } from './read-at.ts';

/*
 * The contents that a receiver has already, by digest, wherever they lie.
 */

export interface Base {
  /** A file with a content, as a path on disk. */
  placeOf(content: HeldFile): string | undefined;
  /** A stream that the base has: a stored one as a file, every other one in a zip. */
  findStream(stream: Stream): BaseStream | undefined;
  /** A range of a file that `placeOf` gave. */
  read(place: string, offset: number, length: number): Buffer;
  close(): void;
}

export interface BaseStream {
  /** The file or the zip. */
  readonly place: string;
  readonly offset: number;
}

/** `files` are the places and contents of all files that are held. */
export function openBase(files: Iterable<readonly [place: string, content: HeldFile]>): Base {
  const places = new Map<string, { readonly place: string; readonly size: number }>();
  for (const [place, { digest, size }] of files) if (!places.has(digest)) places.set(digest, { place, size });
  const opened = openedFiles();
  const zips = [...places.values()].map(({ place }) => place).filter((place) => place.endsWith('.zip'));
  let streams: ReadonlyMap<string, readonly BaseStream[]> | undefined;
  const found = new Map<string, BaseStream | undefined>();
  const isStream = ({ digest, packedSize }: Stream, { place, offset }: BaseStream): boolean => {
    const bytes = readRange({ file: opened.file(place), offset, length: packedSize }, place);
    return createHash('sha256').update(bytes).digest('hex') === digest;
  };
  const placeOf: Base['placeOf'] = ({ digest, size }) => {
    const held = places.get(digest);
    return held?.size === size ? held.place : undefined;
  };
  return {
    placeOf,
    findStream: (stream) => {
      const stored = stream.digest === stream.content ? placeOf(stream) : undefined;
      if (stored !== undefined) return { place: stored, offset: 0 };
      streams ??= streamsIn(zips);
      if (!found.has(stream.digest))
        found.set(
          stream.digest,
          streams.get(keyOf(stream))?.find((one) => isStream(stream, one)),
        );
      return found.get(stream.digest);
    },
    read: (place, offset, length) => readRange({ file: opened.file(place), offset, length } satisfies Range, place),
    close: opened.close,
  };
}

type StreamFacts = Pick<Stream, 'crc32' | 'size' | 'packedSize'>;

function keyOf({ crc32, size, packedSize }: StreamFacts): string {
  return `${crc32}:${size}:${packedSize}`;
}

/** The streams that zips hold, by what their directories say of them. */
function streamsIn(zips: readonly string[]): Map<string, BaseStream[]> {
  const found = new Map<string, BaseStream[]>();
  for (const place of zips) {
    const file = openSync(place, 'r');
    try {
      for (const member of membersOfZip(file) ?? []) {
        const offset = member.method === DEFLATED ? streamOffset(file, member) : undefined;
        if (offset === undefined) continue;
        const known = found.get(keyOf(member));
        if (known) known.push({ place, offset });
        else found.set(keyOf(member), [{ place, offset }]);
      }
    } finally {
      closeSync(file);
    }
  }
  return found;
}

/** APPNOTE 4.4.5. */
const DEFLATED = 8;

/** Files that stay open for a while, the latest few. */
function openedFiles(): { file(place: string): number; close(): void } {
  const files = new Map<string, number>();
  const close = (): void => {
    for (const file of files.values()) closeSync(file);
    files.clear();
  };
  return {
    close,
    file: (place) => {
      const known = files.get(place);
      if (known !== undefined) return known;
      if (files.size >= MOST_OPEN) close();
      const file = openSync(place, 'r');
      files.set(place, file);
      return file;
    },
  };
}

const MOST_OPEN = 64;
