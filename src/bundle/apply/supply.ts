import { inflateRawSync } from 'node:zlib';
import { errorCode } from '../../errors.ts';
import { bytesOf, indexStreams, zipParts } from '../assemble.ts';
import type { PackageFile, Part, Sources } from '../assemble.ts';
import { wrong } from '../checked.ts';
import { streamOffsets } from '../recipe.ts';
import type { MadeContent, Recipe, Span, Stream } from '../recipe.ts';
import type { Base } from './base.ts';
import type { HeldFile } from './held.ts';
import type { OpenBundle } from './open-bundles.ts';

/*
 * How contents come to be, by the recipe of a bundle, from its packs and texts and from what the receiver has.
 */

/** The files of a package that the lists of the site name. */
export type PackageFiles = (name: string, version: string) => readonly PackageFile[];

export interface Supply {
  /** The digests of what can't be had for a content: its own where nothing makes it. None, and `chunks` can make it. */
  lacks(content: HeldFile, packageFiles: PackageFiles): readonly string[];
  /** The bytes of a content, piece by piece. Throws a `Stop` where they can't be had. Whether they are right is for the caller to see. */
  chunks(content: HeldFile, packageFiles: PackageFiles): Iterable<Uint8Array>;
}

export function openSupply(bundle: OpenBundle, base: Base): Supply {
  const { recipe, path } = bundle;
  const index = indexStreams(recipe.streams);
  const made = new Map(recipe.contents.map((content) => [content.digest, content]));
  const packed = new Map<string, number>();
  for (const [i, { content, pack }] of recipe.streams.entries()) if (pack !== null) packed.set(content, i);
  const sources = sourcesOf(bundle, base);
  const partsOf = (content: MadeContent, packageFiles: PackageFiles): readonly Part[] | undefined =>
    content.kind === 'spans' ? content.spans : zipParts(content, packageFiles(content.name, content.version), index);
  return {
    lacks: (content, packageFiles) => {
      if (base.placeOf(content) !== undefined) return [];
      const how = made.get(content.digest);
      if (!how) return packed.has(content.digest) ? [] : [content.digest];
      const parts = partsOf(how, packageFiles) ?? [];
      if (parts.length === 0 && content.size > 0) return [content.digest];
      return parts.flatMap((part) => (part instanceof Uint8Array ? [] : lacksPart(part, recipe, base)));
    },
    *chunks(content, packageFiles) {
      const place = base.placeOf(content);
      if (place !== undefined) return yield base.read(place, 0, content.size);
      const how = made.get(content.digest);
      const parts = how && partsOf(how, packageFiles);
      const number = packed.get(content.digest);
      if (parts) yield* bytesOf(parts, sources);
      else if (number !== undefined) yield inflated(sources.stream(number), recipe.streams[number] as Stream, content);
      else throw wrong(path, `makes no content ${content.digest}`);
    },
  };
}

function sourcesOf(bundle: OpenBundle, base: Base): Sources {
  const { recipe, path, texts } = bundle;
  const offsets = streamOffsets(recipe);
  return {
    texts: (offset, length) => texts.read(offset, length),
    stream: (number) => {
      const stream = recipe.streams[number];
      if (stream && stream.pack !== null) return bundle.readPack(stream.pack, offsets[number] ?? 0, stream.packedSize);
      const found = stream && base.findStream(stream);
      if (!found) throw wrong(path, `needs a stream that the folder lacks: ${stream?.digest}`);
      return base.read(found.place, found.offset, stream.packedSize);
    },
    base: (number, offset, length) => {
      const file = recipe.bases[number];
      const place = file && base.placeOf(file);
      if (place === undefined) throw wrong(path, `needs a file that the folder lacks: ${file?.digest}`);
      return base.read(place, offset, length);
    },
  };
}

function lacksPart(part: Span, { streams, bases }: Recipe, base: Base): string[] {
  if (part[0] === 'texts') return [];
  if (part[0] === 'base') {
    const file = bases[part[1]];
    return file && base.placeOf(file) === undefined ? [file.digest] : [];
  }
  const stream = streams[part[1]];
  return !stream || stream.pack !== null || base.findStream(stream) ? [] : [stream.content];
}

/** The content of a stream; at most a byte more than it is to have. */
function inflated(bytes: Uint8Array, stream: Stream, { size }: HeldFile): Uint8Array {
  if (stream.digest === stream.content) return bytes;
  try {
    return inflateRawSync(bytes, { maxOutputLength: size + 1 });
  } catch (error) {
    if (!errorCode(error).startsWith('ERR_') && !errorCode(error).startsWith('Z_')) throw error;
    return Buffer.alloc(0); // it is another content, which its size shows, or its digest
  }
}
