import { toByteString } from '../tree/text.ts';
import { halfDigest } from '../tree/store-form.ts';
import type { FilePlace, RevisionPlace, Inventory } from '../tree/store-form.ts';
import type { SiteParts } from './site-parts.ts';

/*
 * What a release can use again of the inventory of the one before: what the site still has, in packs that are worth keeping.
 */

export const EMPTY_INVENTORY: Inventory = { format: 1, objects: [], revisions: {}, files: {} };

/** A pack of which less than this share is still used is not used any more: what is left of it is packed again. */
const LEAST_USED = 0.5;
/** Packs of fewer bytes are small. If there are more of them than `MOST_SMALL`, their contents are packed together. */
const SMALL = 2 ** 20;
const MOST_SMALL = 24;

/** What can be used again of an inventory. `isThere` tells whether the store has an object. */
export function reusable(known: Inventory, site: SiteParts, isThere: (digest: string) => boolean): Inventory {
  const wanted = unchanged(known, site);
  const used = usedBytes(wanted);
  const isSmall = (object: number): boolean => sizeOf(known, object) < SMALL;
  const small = [...used.keys()].filter(isSmall).length;
  const isKept = (object: number): boolean => {
    const digest = known.objects[object]?.[0];
    if (digest === undefined || !isThere(digest) || (small > MOST_SMALL && isSmall(object))) return false;
    return (used.get(object) ?? 0) >= LEAST_USED * sizeOf(known, object);
  };
  return {
    ...wanted,
    revisions: filtered(wanted.revisions, (_, { record }) => isKept(record[0])),
    files: filtered(wanted.files, (_, { place }) => isKept(place[0])),
  };
}

/** The entries of an inventory that a site still has. */
function unchanged(known: Inventory, { revisions, others }: SiteParts): Inventory {
  const lists = new Map(revisions.map(({ name, version, list }) => [`${name}/${version}`, halfDigest(list.digest)]));
  const digests = new Map<string, string>(others.map(({ path, digest }) => [toByteString(path), halfDigest(digest)]));
  return {
    ...known,
    revisions: filtered(known.revisions, (key, { list }) => lists.get(key) === list),
    files: filtered(known.files, (path, { digest }) => digests.get(path) === digest),
  };
}

/** How many bytes of each pack the entries of an inventory use. */
function usedBytes({ revisions, files }: Pick<Inventory, 'revisions' | 'files'>): Map<number, number> {
  const used = new Map<number, number>();
  const add = (object: number, bytes: number): void => void used.set(object, (used.get(object) ?? 0) + bytes);
  for (const { record, from } of Object.values<RevisionPlace>(revisions)) add(record[0], record[1] + record[2] - from);
  for (const { place } of Object.values<FilePlace>(files)) add(place[0], place[2]);
  return used;
}

function sizeOf({ objects }: Inventory, object: number): number {
  return objects[object]?.[1] ?? 0;
}

function filtered<T>(
  members: Readonly<Record<string, T>>,
  isWanted: (key: string, member: T) => boolean,
): Record<string, T> {
  return Object.fromEntries(Object.entries(members).filter(([key, member]) => isWanted(key, member)));
}
