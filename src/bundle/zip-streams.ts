import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { crc32, inflateRawSync } from 'node:zlib';
import { asByteString } from '../tree/byte-string.ts';
import { shownText } from '../tree/text.ts';
import { membersOfZip, streamOffset } from '../tree/zip-directory.ts';
import type { Part, StreamIndex } from './assemble.ts';
import type { Stream } from './recipe.ts';
import type { SiteZip } from './site-contents.ts';

/*
 * Takes zips apart into raw streams, each different one once.
 */

/** A raw stream of a zip, between two offsets. */
export interface ZipStream extends StreamFacts {
  readonly start: number;
  readonly end: number;
}

export interface StreamFacts {
  /** Bytes, unpacked. */
  readonly size: number;
  readonly crc32: number;
  readonly isDeflated: boolean;
  /** The digest of what it holds, where the site says that. */
  readonly content: string | undefined;
}

/**
 * The raw streams of the zip of a package, as they lie; none where it isn't clear where they lie. The digests of what they hold are those
 * of the package's files. Throws the system's error.
 */
export function streamsOfZip({ place, name, version, files }: SiteZip): ZipStream[] {
  const digests = new Map(files.map(({ path, digest }) => [`${name}-${version}/${path}`, digest]));
  const file = openSync(place, 'r');
  try {
    const found: ZipStream[] = [];
    for (const member of membersOfZip(file) ?? []) {
      const start = streamOffset(file, member);
      if (start === undefined) return [];
      const { size, crc32: crc, method, packedSize } = member;
      const facts = { size, crc32: crc, isDeflated: method === 8 };
      const content = digests.get(shownText(asByteString(member.name)));
      if (packedSize > 0) found.push({ start, end: start + packedSize, ...facts, content });
    }
    found.sort((a, b) => a.start - b.start);
    return found.every(({ start }, i) => start >= (found[i - 1]?.end ?? 0)) ? found : [];
  } finally {
    closeSync(file);
  }
}

export interface StreamTable extends StreamIndex {
  /** The number of the stream that has a digest. */
  numberOf(digest: string): number | undefined;
  /** The number of a stream, which is entered if it is new. */
  add(bytes: Uint8Array, facts: StreamFacts): number;
  /** The same for a content as it is. */
  addStored(bytes: Uint8Array): number;
}

/** `keep` gives the pack in which a new stream lies from now on, null if the base has it. */
export function openStreamTable(keep: (bytes: Uint8Array, stream: Omit<Stream, 'pack'>) => number | null): StreamTable {
  const streams: Stream[] = [];
  const numbers = new Map<string, number>();
  const deflated = new Map<string, number>();
  const add: StreamTable['add'] = (bytes, facts) => {
    const digest = sha256(bytes);
    const known = numbers.get(digest);
    if (known !== undefined) return known;
    const stream = { digest, packedSize: bytes.length, ...contentOf(bytes, digest, facts) };
    numbers.set(digest, streams.length);
    if (stream.content !== digest && !deflated.has(stream.content)) deflated.set(stream.content, streams.length);
    return streams.push({ ...stream, pack: keep(bytes, stream) }) - 1;
  };
  return {
    add,
    addStored: (bytes) => add(bytes, { size: bytes.length, crc32: 0, isDeflated: false, content: undefined }),
    streams,
    deflated,
    numberOf: (digest) => numbers.get(digest),
  };
}

/** What a stream holds: as the site says, or else as it unpacks; itself, where it is stored or doesn't unpack. */
function contentOf(
  bytes: Uint8Array,
  digest: string,
  { size, crc32: crc, isDeflated, content }: StreamFacts,
): Pick<Stream, 'content' | 'size' | 'crc32'> {
  if (isDeflated && content !== undefined) return { content, size, crc32: crc };
  const unpacked = isDeflated ? inflated(bytes, size) : undefined;
  if (unpacked) return { content: sha256(unpacked), size, crc32: crc32(unpacked) };
  return { content: digest, size: bytes.length, crc32: crc32(bytes) };
}

/** The parts of a zip as it is: what lies between the streams as bytes. */
export function partsOfZip(bytes: Buffer, streams: readonly ZipStream[], table: StreamTable): Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (const stream of streams) {
    if (stream.start > done) parts.push(bytes.subarray(done, stream.start));
    parts.push(['stream', table.add(bytes.subarray(stream.start, stream.end), stream)]);
    done = stream.end;
  }
  if (done < bytes.length) parts.push(bytes.subarray(done));
  return parts;
}

/** Whether some parts are just these. */
export function areSame(a: readonly Part[], b: readonly Part[] | undefined): boolean {
  return a.length === b?.length && a.every((part, i) => isSame(part, b[i] as Part));
}

function isSame(a: Part, b: Part): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  return !(b instanceof Uint8Array) && a.length === b.length && a.every((value, i) => value === b[i]);
}

/** The content of a raw deflate stream; undefined for bytes that are none, or not of that size. */
function inflated(bytes: Uint8Array, size: number): Buffer | undefined {
  try {
    const content = inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) });
    return content.length === size ? content : undefined;
  } catch {
    return undefined; // nothing but the content can make it fail
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
