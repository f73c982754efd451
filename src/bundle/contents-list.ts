import { generator } from '../generator.ts';
import { kindOf } from '../tree/kinds.ts';
import type { FileKind } from '../tree/kinds.ts';
import { RELEASE } from '../tree/layout.ts';
import type { Release } from '../tree/release.ts';
import { compressed } from './compress.ts';
import { DESCRIPTION, descriptionText, RECIPE, TEXTS } from './description.ts';
import { readWhole } from './read-whole.ts';
import { recipeChunks } from './recipe.ts';
import type { MadeContent, Stream } from './recipe.ts';
import type { SiteContents } from './site-contents.ts';
import type { TarWriter } from './tar-file.ts';

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
  const made = new Map<string, MadeContent>();
  const texts: Buffer[] = [];
  let length = 0;
  for (const { digest, size, place } of keptTexts(contents)) {
    if (made.has(digest)) continue;
    texts.push(Buffer.from(readWhole(place)));
    made.set(digest, { kind: 'spans', digest, size, spans: [['texts', length, size]] });
    length += size;
  }
  writer.add(TEXTS, await compressed(texts));
  const streams = source.streams.map((stream) => ({ ...stream, pack: null }));
  const recipe = { streams, bases: [], contents: [...made.values()], files: contents.files };
  writer.add(RECIPE, await compressed(recipeChunks(recipe)));
  const description = {
    kind: 'contents' as const,
    generator,
    distribution: release.distribution,
    site,
    manifest: release.manifest,
    base: release.manifest,
    files: contents.count,
    bytes: contents.bytes,
    members: writer.members(),
  };
  writer.add(DESCRIPTION, Buffer.from(descriptionText(description)));
  writer.end();
}

/** The lists of the site, and what changes a little from site to site. */
function keptTexts({ contents, files }: SiteContents) {
  const lists = new Set(
    files.flatMap(({ host, path, digest, isList }) => (isList || (host === '' && path === RELEASE) ? [digest] : [])),
  );
  return [...contents.values()].filter(({ digest, path }) => lists.has(digest) || KEPT.has(kindOf(path)));
}

const KEPT: ReadonlySet<FileKind | undefined> = new Set<FileKind>(['index', 'columns', 'rows']);
