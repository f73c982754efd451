import { checkedCount, countOf, digestOf, listOf, parseObject, pathOf, textOf, wrong } from './checked.ts';
import type { Written } from './checked.ts';

/*
 * The recipe of a bundle: lines of JSON that say how the files of a site come to be (docs/bundle.md). A content is made once, however
 * many files hold it. All digests are SHA-256 in hex, all sizes bytes.
 */

export interface Recipe {
  /** Numbered from 0. */
  readonly streams: readonly Stream[];
  /** Files of the base that spans are ranges of, numbered from 0. */
  readonly bases: readonly BaseFile[];
  readonly contents: readonly MadeContent[];
  readonly files: readonly BundledFile[];
}

/** A content as it was compressed. One whose digest is that of its content holds it as it is; every other one is raw deflate (RFC 1951). */
export interface Stream {
  /** Of the stream. */
  readonly digest: string;
  readonly packedSize: number;
  /** The digest of the content. */
  readonly content: string;
  /** Of the content. */
  readonly size: number;
  /** Of the content. */
  readonly crc32: number;
  /** The number of the pack that holds it. Null: a zip of the base holds it, for a package file with this content. */
  readonly pack: number | null;
}

/** A file of the base, wherever it lies there. */
export interface BaseFile {
  readonly digest: string;
  readonly size: number;
}

/** A content that is neither that of a stream nor in the base. */
export type MadeContent = ZipContent | SpansContent;

/**
 * The zip of a package, laid out by `zipLayout` (docs/bundle.md): the files are those of the package that the lists of the site name,
 * each with the first deflated stream of its content.
 */
export interface ZipContent {
  readonly kind: 'zip';
  readonly digest: string;
  readonly size: number;
  readonly name: string;
  readonly version: string;
  /** Its empty folders. */
  readonly folders: readonly string[];
}

/** A content that is some spans, one behind another. */
export interface SpansContent {
  readonly kind: 'spans';
  readonly digest: string;
  readonly size: number;
  readonly spans: readonly Span[];
}

/** Bytes that a content takes from one place: from the texts of the bundle, from a file of `bases`, or a stream as it is. */
export type Span =
  | readonly [from: 'texts', offset: number, length: number]
  | readonly [from: 'base', base: number, offset: number, length: number]
  | readonly [from: 'stream', stream: number];

/** A file that comes to lie in the site or in the folder of a host. */
export interface BundledFile {
  /** '' is the site; `nginx` is the folder of that host, beside the site. */
  readonly host: string;
  /** Inside the folder. */
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  /** Whether it is a list: each line is a JSON object that names one more file of the site by `path`, `size` and `digest`. */
  readonly isList: boolean;
}

/** The text of a recipe, in pieces: all of it would be as much memory again as the recipe. */
export function* recipeChunks(recipe: Recipe): Generator<Buffer> {
  let waiting = '';
  for (const line of linesOf(recipe)) {
    waiting += `${JSON.stringify(line)}\n`;
    if (waiting.length < CHUNK) continue;
    yield Buffer.from(waiting);
    waiting = '';
  }
  yield Buffer.from(waiting);
}

const CHUNK = 2 ** 16;

function* linesOf({ streams, bases, contents, files }: Recipe): Generator<object> {
  for (const stream of streams) yield streamLine(stream);
  for (const { digest, size } of bases) yield { kind: 'base', digest, size };
  for (const content of contents) yield contentLine(content);
  for (const { host, path, digest, size, isList } of files) yield { kind: 'file', host, path, digest, size, isList };
}

function streamLine({ digest, packedSize, content, size, crc32, pack }: Stream): object {
  return { kind: 'stream', digest, packedSize, content, size, crc32, pack };
}

function contentLine(content: MadeContent): object {
  const { kind, digest, size } = content;
  if (content.kind === 'spans') return { kind, digest, size, spans: content.spans };
  const { name, version, folders } = content;
  return { kind, digest, size, name, version, folders };
}

/** Reads the lines of a recipe, without their ends; `where` is its name for messages. Throws a `Stop` that names the line that is wrong. */
export function parseRecipe(lines: Iterable<string>, where: string): Recipe {
  const recipe = { streams: [] as Stream[], bases: [] as BaseFile[], contents: [] as MadeContent[] };
  const files: BundledFile[] = [];
  let count = 0;
  for (const line of lines) {
    const written = parseObject(line, `${where}: line ${++count}`);
    const { kind } = written.value;
    if (kind === 'stream') recipe.streams.push(parseStream(written));
    else if (kind === 'base')
      recipe.bases.push({ digest: digestOf(written, 'digest'), size: countOf(written, 'size') });
    else if (kind === 'zip') recipe.contents.push(parseZip(written));
    else if (kind === 'spans') recipe.contents.push(parseSpans(written, recipe));
    else if (kind === 'file') files.push(parseFile(written));
    else throw wrong(written.where, `has a kind that this version doesn't know: ${JSON.stringify(kind)}`);
  }
  return { ...recipe, files };
}

/** Where each stream begins in its pack; undefined for one of the base. A pack has its streams one behind another, in the order of the recipe. */
export function streamOffsets({ streams }: Pick<Recipe, 'streams'>): (number | undefined)[] {
  const ends = new Map<number, number>();
  return streams.map(({ pack, packedSize }) => {
    if (pack === null) return undefined;
    const offset = ends.get(pack) ?? 0;
    ends.set(pack, offset + packedSize);
    return offset;
  });
}

function parseStream(written: Written): Stream {
  const { pack } = written.value;
  return {
    digest: digestOf(written, 'digest'),
    packedSize: countOf(written, 'packedSize'),
    content: digestOf(written, 'content'),
    size: countOf(written, 'size'),
    crc32: countOf(written, 'crc32'),
    pack: pack === null ? null : countOf(written, 'pack'),
  };
}

function parseZip(written: Written): ZipContent {
  const folders = listOf(written, 'folders').map((path) => pathOf({ ...written, value: { path } }, 'path'));
  return {
    kind: 'zip',
    digest: digestOf(written, 'digest'),
    size: countOf(written, 'size'),
    name: textOf(written, 'name'),
    version: textOf(written, 'version'),
    folders,
  };
}

function parseSpans(written: Written, { streams, bases }: Pick<Recipe, 'streams' | 'bases'>): SpansContent {
  const size = countOf(written, 'size');
  const spans = listOf(written, 'spans').map((span) => parseSpan(span, written.where));
  let sum = 0;
  for (const span of spans) {
    const length = spanLength(span, streams);
    if (length === undefined || (span[0] === 'base' && span[2] + span[3] > (bases[span[1]]?.size ?? -1)))
      throw wrong(written.where, `has a span of something that the lines before don't have: ${JSON.stringify(span)}`);
    sum += length;
  }
  if (sum !== size) throw wrong(written.where, `has spans of ${sum} bytes for ${size}`);
  return { kind: 'spans', digest: digestOf(written, 'digest'), size, spans };
}

/** Bytes; undefined where there is no such stream. */
export function spanLength(span: Span, streams: readonly Stream[]): number | undefined {
  if (span[0] === 'texts') return span[2];
  return span[0] === 'base' ? span[3] : streams[span[1]]?.packedSize;
}

function parseSpan(value: unknown, where: string): Span {
  const [from, ...counts] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const [a, b, c] = counts.map((count) => checkedCount(count, where));
  if (from === 'texts' && a !== undefined && b !== undefined && counts.length === 2) return [from, a, b];
  if (from === 'stream' && a !== undefined && counts.length === 1) return [from, a];
  if (from === 'base' && a !== undefined && b !== undefined && c !== undefined && counts.length === 3)
    return [from, a, b, c];
  throw wrong(where, `has a span that this version doesn't know: ${JSON.stringify(value)}`);
}

function parseFile(written: Written): BundledFile {
  const host = textOf(written, 'host');
  if (!/^[a-z]*$/.test(host)) throw wrong(written.where, `names a host that there is not: ${JSON.stringify(host)}`);
  return {
    host,
    path: pathOf(written, 'path'),
    digest: digestOf(written, 'digest'),
    size: countOf(written, 'size'),
    isList: written.value['isList'] === true,
  };
}
