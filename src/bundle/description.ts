import { isSealed, sealedDocument } from '../tree/sealed.ts';
import { countOf, digestOf, listOf, parseObject, textOf, wrong } from './checked.ts';
import type { Written } from './checked.ts';

/*
 * `bundle.json`, which says what a bundle is and holds the digests of its other members (docs/bundle.md).
 */

export interface BundleDescription {
  readonly kind: DescriptionKind;
  /** The program that made it. */
  readonly generator: string;
  readonly distribution: string;
  /** The name of the folder that the site had. */
  readonly site: string;
  /** The digest of the site manifest. */
  readonly manifest: string;
  /** The digest of the manifest of the site that it was made to follow. Any base with the same contents will do. Null: it needs no base. */
  readonly base: string | null;
  /** Of all that it unpacks to, the folders of hosts included. */
  readonly files: number;
  readonly bytes: number;
  /** All members but `bundle.json`, in their order. */
  readonly members: readonly BundleMember[];
}

/** What a file is: a bundle, or a list of contents (`contents-list.ts`). */
export type DescriptionKind = 'bundle' | 'contents';

export interface BundleMember {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
  /** The number of the part that holds it; the first is 1. */
  readonly part: number;
}

export const DESCRIPTION = 'bundle.json';
/** How the files of the site come to be (`recipe.ts`), compressed with Brotli. */
export const RECIPE = 'recipe.ndjson.br';
/** The texts of which files are made, one behind another, compressed with Brotli. */
export const TEXTS = 'texts.br';
export const README = 'README.txt';
/** The program that unpacks the bundle. */
export const RECEIVER = 'apply.mjs';

/** Streams, one behind another. Packs count from 1. */
export function packName(pack: number): string {
  return `contents-${pack}.pack`;
}

/** The text of `bundle.json`. Its length follows from all but the digests. */
export function descriptionText(description: BundleDescription): string {
  const { kind, generator, distribution, site, manifest, base, files, bytes } = description;
  const members = description.members.map(({ name, size, digest, part }) => ({ name, size, digest, part }));
  return sealedDocument({
    format: FORMATS[kind],
    generator,
    distribution,
    site,
    manifest,
    base,
    files,
    bytes,
    members,
  });
}

/** Reads `bundle.json`; `where` is its name for messages. Throws a `Stop` if it isn't as `descriptionText` writes it. */
export function parseDescription(text: string, where: string): BundleDescription {
  const written = parseObject(text, where);
  const { format } = written.value;
  const kind = (['bundle', 'contents'] as const).find((one) => FORMATS[one] === format);
  if (!kind) throw wrong(where, `has a format that this version doesn't know: ${JSON.stringify(format)}`);
  if (!isSealed(text)) throw wrong(where, 'is damaged: its seal is not that of its text');
  return {
    kind,
    generator: textOf(written, 'generator'),
    distribution: textOf(written, 'distribution'),
    site: textOf(written, 'site'),
    manifest: digestOf(written, 'manifest'),
    base: written.value['base'] === null ? null : digestOf(written, 'base'),
    files: countOf(written, 'files'),
    bytes: countOf(written, 'bytes'),
    members: listOf(written, 'members').map((value, i) => memberOf({ where: `${where}: member ${i + 1}`, value })),
  };
}

const FORMATS = { bundle: 1, contents: 'contents-1' } as const satisfies Readonly<Record<DescriptionKind, unknown>>;

function memberOf({ where, value }: { where: string; value: unknown }): BundleMember {
  if (typeof value !== 'object' || value === null) throw wrong(where, 'is no object');
  const written: Written = { where, value: value as Written['value'] };
  return {
    name: textOf(written, 'name'),
    size: countOf(written, 'size'),
    digest: digestOf(written, 'digest'),
    part: countOf(written, 'part'),
  };
}
