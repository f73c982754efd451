import { zipLayout } from '../build/zip-layout.ts';
import type { Span, Stream, ZipContent } from './recipe.ts';

/*
 * From lines of a recipe to the bytes of a content.
 */

/** A part of a content: bytes that are laid out, or where to take them from. */
export type Part = Uint8Array | Span;

/** A file of a package, by its path inside the package, and the digest of its content. */
export interface PackageFile {
  readonly path: string;
  readonly digest: string;
}

/** Streams, and the number of the first deflated one of each content, by the digest of the content. */
export interface StreamIndex {
  readonly streams: readonly Stream[];
  readonly deflated: ReadonlyMap<string, number>;
}

export function indexStreams(streams: readonly Stream[]): StreamIndex {
  const deflated = new Map<string, number>();
  for (const [i, { digest, content }] of streams.entries())
    if (digest !== content && !deflated.has(content)) deflated.set(content, i);
  return { streams, deflated };
}

/**
 * The parts of a package's zip, in order. `files` are all files of the package, in any order. Undefined where a file has no
 * deflated stream. Throws an Error if the zip would need Zip64.
 */
export function zipParts(
  { name, version, folders }: Pick<ZipContent, 'name' | 'version' | 'folders'>,
  files: readonly PackageFile[],
  { streams, deflated }: StreamIndex,
): Part[] | undefined {
  const found = files.flatMap(({ path, digest }) => {
    const number = deflated.get(digest);
    const stream = number === undefined ? undefined : streams[number];
    if (number === undefined || stream === undefined) return [];
    return [{ path, size: stream.size, crc32: stream.crc32, deflatedSize: stream.packedSize, number }];
  });
  if (found.length < files.length) return undefined;
  const { files: sorted, heads, tail } = zipLayout(`${name}-${version}`, found, folders);
  return [...sorted.flatMap(({ number }, i): Part[] => [heads[i] as Uint8Array, ['stream', number]]), tail];
}

/** Where bytes are taken from. Each function gives just the bytes that were asked for, or throws. */
export interface Sources {
  texts(offset: number, length: number): Uint8Array;
  base(base: number, offset: number, length: number): Uint8Array;
  stream(stream: number): Uint8Array;
}

/** The bytes of some parts, one part after the other. */
export function* bytesOf(parts: readonly Part[], sources: Sources): Generator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Uint8Array) yield part;
    else if (part[0] === 'texts') yield sources.texts(part[1], part[2]);
    else if (part[0] === 'base') yield sources.base(part[1], part[2], part[3]);
    else yield sources.stream(part[1]);
  }
}
