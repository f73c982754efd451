import { createHash } from 'node:crypto';
import { keptFiles } from '../build/cache/checked-files.ts';
import { cacheFolder } from '../cache-folders.ts';
import type { Distribution } from '../config.ts';
import type { Finding } from '../errors.ts';
import { excessText } from '../limits.ts';
import type { Limits } from '../limits.ts';
import type { Extent, Layer, Revision, Storage } from '../storage/storage.ts';
import { contentSizes, placeIn } from './content-sizes.ts';

/*
 * Revisions may share what is in them: each may be within the limits of a package, and all of them together be more than any disk
 * holds.
 */

/** What is measured. */
export interface Measuring {
  readonly storage: Storage;
  readonly distribution: Pick<Distribution, 'name' | 'storage'>;
  readonly layers: readonly Layer[];
  /** The folder that keeps what was measured; undefined keeps nothing. */
  readonly cache: string | undefined;
}

/** A finding where revisions are too much for a site, before anything of them is read. */
export async function siteExcess(revisions: readonly Revision[], measuring: Measuring): Promise<Finding[]> {
  const { storage, distribution, cache } = measuring;
  const kept = cache === undefined ? undefined : keptFiles<readonly KeptExtent[]>(cacheFolder(cache, 'extents'));
  const key = keyOf(measuring);
  const before = new Map((kept?.get(key) ?? []).map(([source, files, bytes]) => [source, { files, bytes }]));
  const extents = new Map(revisions.flatMap(({ source }) => entryOf(source, before.get(source))));
  const fresh = revisions.filter(({ source }) => !extents.has(source));
  const known = revisions.reduce((sum, { source }) => plus(sum, extents.get(source)), NOTHING);
  const total = fresh.length > 0 ? await measureAll(fresh, known, { ...measuring, extents }) : known;
  const limit = limitBelow(total, storage.limits);
  if (limit)
    return [{ code: 'limit', where: distribution.name, text: excessText(storage.limits, limit), level: 'error' }];
  if (extents.size !== before.size || fresh.some(({ source }) => extents.has(source)))
    kept?.set(
      key,
      [...extents].map(([source, { files, bytes }]) => [source, files, bytes]),
    );
  return [];
}

type KeptExtent = readonly [source: string, files: number, bytes: number];

/** Sources of git are ids of objects, which mean the same in every storage, and those of folders are paths. */
function keyOf({ storage, distribution, layers }: Measuring): string {
  const places = layers.map(({ name, ref }) => (storage.kind === 'git' ? name : [name, ref]));
  return createHash('sha256')
    .update(JSON.stringify([storage.kind === 'git' ? storage.kind : distribution.storage, places]))
    .digest('hex')
    .slice(0, 40);
}

function entryOf(source: string, extent: Extent | undefined): (readonly [string, Extent])[] {
  return extent ? [[source, extent]] : [];
}

/**
 * Measures revisions, besides what is known, until they are too much. The sizes of zips come first: those of a repository must be
 * written to the disk before anybody can look into them.
 */
async function measureAll(
  fresh: readonly Revision[],
  known: Extent,
  { storage, layers, extents }: Measuring & { readonly extents: Map<string, Extent> },
): Promise<Extent> {
  const zips = fresh.flatMap((revision) => (revision.zipped ? { revision, files: [], zip: revision.source } : []));
  const sizes = await contentSizes(storage, zips, placeIn(layers));
  const packed = zips.reduce((sum, { zip }) => plus(sum, { files: 1, bytes: sizes.get(zip) ?? 0 }), known);
  if (limitBelow(packed, storage.limits)) return packed;
  let total = known;
  for (let i = 0; i < fresh.length && !limitBelow(total, storage.limits); i += AT_ONCE) {
    const found = await Promise.all(
      fresh.slice(i, i + AT_ONCE).map(async (one) => [one, await storage.extent(one)] as const),
    );
    for (const [{ source }, extent] of found) {
      if (extent) extents.set(source, extent);
      total = plus(total, extent);
    }
  }
  return total;
}

/** Enough to keep git busy. */
const AT_ONCE = 64;

const NOTHING: Extent = { files: 0, bytes: 0 };

function plus(sum: Extent, { files, bytes }: Extent = NOTHING): Extent {
  return { files: sum.files + files, bytes: sum.bytes + bytes };
}

/** The limit that a sum is beyond. */
function limitBelow({ files, bytes }: Extent, limits: Limits): 'siteFiles' | 'siteBytes' | undefined {
  if (files > limits.siteFiles) return 'siteFiles';
  return bytes > limits.siteBytes ? 'siteBytes' : undefined;
}
