import { kindOf } from '../tree/kinds.ts';
import type { FileKind } from '../tree/kinds.ts';
import { RELEASE } from '../tree/layout.ts';
import { treeDigest } from '../tree/manifest-digests.ts';
import type { Release } from '../tree/release.ts';
import { readWhole } from './read-whole.ts';
import type { MadeContent, Stream } from './recipe.ts';
import type { SiteContent, SiteContents } from './site-contents.ts';
import type { TarWriter } from './tar-file.ts';
import { writeEnd } from './write-end.ts';

/*
 * The list of a site's contents that lies beside each bundle: small enough to be kept until the next bundle is made `--since` it. It has
 * the form of a bundle without packs (docs/bundle.md), and says all that a bundle of the site says: the lists of the site, its streams,
 * and those texts of which the next site is likely to have most.
 */

/** What the name of a list has behind that of its bundle. */
export const LIST_EXTENSION = '.contents';

export interface ListedSite {
  readonly release: Release;
  /** The name of the site's folder. */
  readonly site: string;
  readonly contents: SiteContents;
  /** Those that its zips hold. */
  readonly streams: readonly Stream[];
}

/** Writes the list of a site. Throws the system's error. */
export async function writeContentsList(source: ListedSite, writer: TarWriter): Promise<void> {
  const { release, site, contents } = source;
  const texts = keptTexts(contents);
  const streams = source.streams.map((stream) => ({ ...stream, pack: null }));
  const recipe = { streams, bases: [], contents: [...spansOf(texts)], files: contents.files };
  const bytes = (function* () {
    for (const { place } of texts) yield Buffer.from(readWhole(place)); // it is compressed while the next one is read
  })();
  await writeEnd(
    { kind: 'contents', site, base: treeDigest(release), release, contents, texts: bytes, recipe },
    writer,
  );
}

/** Each text is as a whole what one content is made of. */
function* spansOf(texts: readonly SiteContent[]): Generator<MadeContent> {
  let length = 0;
  for (const { digest, size } of texts) {
    yield { kind: 'spans', digest, size, spans: [['texts', length, size]] };
    length += size;
  }
}

/** The lists of the site, and what changes a little from site to site. */
function keptTexts({ contents, files }: SiteContents): SiteContent[] {
  const lists = new Set(
    files.flatMap(({ host, path, digest, isList }) => (isList || (host === '' && path === RELEASE) ? [digest] : [])),
  );
  return [...contents.values()].filter(({ digest, path }) => lists.has(digest) || KEPT.has(kindOf(path)));
}

const KEPT: ReadonlySet<FileKind | undefined> = new Set<FileKind>(['index', 'columns', 'rows']);
