import { generator } from '../generator.ts';
import { treeDigest } from '../tree/manifest-digests.ts';
import type { Release } from '../tree/release.ts';
import { compressed } from './compress.ts';
import { DESCRIPTION, descriptionText, RECIPE, TEXTS } from './description.ts';
import type { BundleDescription } from './description.ts';
import { recipeChunks } from './recipe.ts';
import type { Recipe } from './recipe.ts';
import type { SiteContents } from './site-contents.ts';
import type { TarWriter } from './tar-file.ts';

export interface BundleEnd extends Pick<BundleDescription, 'kind' | 'site' | 'base'> {
  readonly release: Release;
  readonly contents: SiteContents;
  /** One behind another. Each is read before the next one is asked for. */
  readonly texts: Iterable<Uint8Array>;
  readonly recipe: Recipe;
}

/** Writes what ends a bundle and a list of contents alike: the texts, the recipe, and what the file is. Throws the system's error. */
export async function writeEnd(end: BundleEnd, writer: TarWriter): Promise<void> {
  const { kind, site, base, release, contents } = end;
  writer.add(TEXTS, await compressed(end.texts));
  writer.add(RECIPE, await compressed(recipeChunks(end.recipe)));
  const description = {
    kind,
    generator,
    distribution: release.distribution,
    site,
    manifest: treeDigest(release),
    base,
    files: contents.count,
    bytes: contents.bytes,
    members: writer.members(),
  };
  writer.add(DESCRIPTION, Buffer.from(descriptionText(description)));
  writer.end();
}
