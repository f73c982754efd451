import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Stop } from '../errors.ts';
import { kindOf } from '../tree/kinds.ts';
import { ENCODED, ENCODED_LIST } from '../tree/layout.ts';
import type { Release } from '../tree/release.ts';
import { zipParts } from './assemble.ts';
import type { Part } from './assemble.ts';
import type { Base } from './base.ts';
import { README, RECEIVER } from './description.ts';
import { chunksOf, readWhole } from './read-whole.ts';
import type { MadeContent, Span, Stream } from './recipe.ts';
import type { SiteContent, SiteContents, SiteZip } from './site-contents.ts';
import type { TarWriter } from './tar-file.ts';
import { openTexts } from './texts.ts';
import type { Texts } from './texts.ts';
import { writeEnd } from './write-end.ts';
import { areSame, openStreamTable, partsOfZip, sha256, streamsOfZip } from './zip-streams.ts';
import type { StreamTable } from './zip-streams.ts';

/*
 * Writes a bundle of a site.
 */

export interface BundleSource {
  readonly release: Release;
  /** The name of the site's folder. */
  readonly site: string;
  readonly contents: SiteContents;
  readonly base: Base | undefined;
  /** The program that unpacks bundles. */
  readonly receiver: Buffer;
  /** How to run it. */
  readonly readme: string;
}

/**
 * Writes all members, and gives the streams that the bundle names: without a base, all those of the site's zips. `step` hears how many
 * bytes of how many are done. Throws a `Stop` where a file isn't what the site says, and the system's error.
 */
export async function writeBundle(
  source: BundleSource,
  writer: TarWriter,
  step: (done: number, total: number) => void,
): Promise<readonly Stream[]> {
  const { contents, base, release, site } = source;
  const wanted = new Map([...contents.contents].filter(([digest]) => base?.has(digest) !== true));
  writer.add(README, Buffer.from(source.readme));
  writer.add(RECEIVER, source.receiver);
  const making = openMaking(wanted, source, writer);
  const zips = contents.zips.filter(({ digest }) => wanted.has(digest));
  const others = othersOf(wanted);
  const total = [...zips, ...others].reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const zip of zips) {
    making.addZip(zip);
    step((done += zip.size), total);
    await setImmediate(); // lets a signal in
  }
  for (const other of [...others, ...making.rest()]) {
    if (other.size > LARGE) await making.addLarge(other);
    else making.addOther(other);
    step((done += other.size), Math.max(done, total));
    if (other.size > 2 ** 16) await setImmediate();
  }
  const { streams } = making.table;
  const recipe = { streams, bases: making.texts.bases(), contents: making.made, files: contents.files };
  const texts = [making.texts.bytes()];
  await writeEnd({ kind: 'bundle', site, base: base?.manifest ?? null, release, contents, texts, recipe }, writer);
  return streams;
}

/** What is neither in a package nor the zip of one, in the order in which the texts are most alike: what is made of rows comes after them. */
function othersOf(wanted: ReadonlyMap<string, SiteContent>): SiteContent[] {
  return [...wanted.values()]
    .filter(({ path }) => !['zip', 'package file'].includes(kindOf(path) ?? ''))
    .sort((a, b) => rankOf(a) - rankOf(b));
}

function rankOf({ path }: SiteContent): number {
  const kind = kindOf(path);
  return kind === 'rows' ? 0 : kind === 'answer' ? 2 : 1;
}

/** A bundle as far as it is made. */
interface Making {
  readonly table: StreamTable;
  readonly texts: Texts;
  readonly made: MadeContent[];
  addZip(zip: SiteZip): void;
  addOther(content: SiteContent): void;
  /** The same for a file that is too large to be in memory. */
  addLarge(content: SiteContent): Promise<void>;
  /** The files of packages that no zip held. */
  rest(): SiteContent[];
}

function openMaking(
  wanted: ReadonlyMap<string, SiteContent>,
  { base, contents }: BundleSource,
  writer: TarWriter,
): Making {
  const made: MadeContent[] = [];
  const done = new Set<string>();
  const table = openStreamTable((bytes, stream) => {
    const isStored = stream.digest === stream.content;
    if (isStored ? base?.has(stream.digest) : base?.hasStream(stream)) return null;
    done.add(stream.content);
    return writer.addStream(bytes);
  });
  const known = [...(base?.texts((digest) => contents.contents.has(digest)) ?? [])];
  const fresh = othersOf(wanted).reduce((sum, { size }) => sum + size, 0);
  const texts = openTexts(fresh);
  for (const { file, bytes } of known) texts.know(file, bytes);
  const add = ({ digest, size }: SiteContent, spans: readonly Span[]): void => {
    made.push({ kind: 'spans', digest, size, spans });
  };
  return {
    table,
    texts,
    made,
    addZip: (zip) => {
      const bytes = checked(zip);
      const parts = partsOfZip(bytes, streamsOfZip(zip), table);
      const { digest, size, name, version } = zip;
      if (areSame(parts, laidOut(zip, table))) made.push({ kind: 'zip', digest, size, name, version, folders: [] });
      else
        add(
          zip,
          parts.flatMap((part) => (part instanceof Uint8Array ? texts.add(Buffer.from(part)) : [part])),
        );
    },
    addOther: (content) => {
      if (done.has(content.digest)) return;
      const bytes = checked(content);
      if (!isCompressed(content.path)) return add(content, texts.add(bytes));
      const stream = gzippedStream(bytes, table);
      if (stream === undefined) table.addStored(bytes);
      else add(content, spansOfGzip(bytes, stream, texts));
    },
    addLarge: async (content) => add(content, await spansOfLarge(content, table)),
    rest: () => [...wanted.values()].filter(({ digest, path }) => kindOf(path) === 'package file' && !done.has(digest)),
  };
}

/** Whether nothing makes a file smaller. */
function isCompressed(path: string): boolean {
  if (path.startsWith(`${ENCODED}/`)) return path !== ENCODED_LIST;
  return /\.(br|gz|zip|png|jpe?g|gif|webp|ico|woff2?)$/i.test(path);
}

async function spansOfLarge({ place, digest }: SiteContent, table: StreamTable): Promise<Span[]> {
  const [hash, spans] = [createHash('sha256'), [] as Span[]];
  for await (const bytes of chunksOf(place)) {
    hash.update(bytes);
    spans.push(['stream', table.addStored(bytes)]);
  }
  if (hash.digest('hex') !== digest) throw notAsSaid(place);
  return spans;
}

/** The bytes of a file, until the next one is read. */
function checked({ place, digest }: SiteContent): Buffer {
  const bytes = readWhole(place);
  if (sha256(bytes) === digest) return bytes;
  throw notAsSaid(place);
}

function notAsSaid(place: string): Stop {
  return new Stop('not-a-site', `${place} is not what the site says`, 'build the site again, with --verify');
}

/** Bytes. */
const LARGE = 2 ** 26;

/** The parts of a zip that a build made; undefined where a build makes none of these files. */
function laidOut(zip: SiteZip, table: StreamTable): Part[] | undefined {
  try {
    return zipParts({ ...zip, folders: [] }, zip.files, table);
  } catch {
    return undefined; // it would need Zip64
  }
}

/** RFC 1952: ten bytes before the stream, if no flag is set; CRC-32 and size behind it. */
const GZIP_HEAD = 10;
const GZIP_TAIL = 8;
const PLAIN_GZIP = Buffer.from([0x1f, 0x8b, 8, 0]);

/** The number of the stream that a gzip form consists of, where a zip holds it too. */
function gzippedStream(bytes: Buffer, table: StreamTable): number | undefined {
  if (bytes.length < GZIP_HEAD + GZIP_TAIL || !bytes.subarray(0, PLAIN_GZIP.length).equals(PLAIN_GZIP))
    return undefined;
  return table.numberOf(sha256(bytes.subarray(GZIP_HEAD, -GZIP_TAIL)));
}

function spansOfGzip(bytes: Buffer, stream: number, texts: Texts): Span[] {
  const [head, tail] = [bytes.subarray(0, GZIP_HEAD), bytes.subarray(-GZIP_TAIL)].map((part) => texts.add(part));
  return [...(head ?? []), ['stream', stream], ...(tail ?? [])];
}
