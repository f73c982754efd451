import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Stop } from '../errors.ts';
import { treeDigest } from '../tree/manifest-digests.ts';
import { readRelease } from '../tree/release.ts';
import type { Base } from './base.ts';
import { openBundleBase, WAYS } from './bundle-base.ts';
import { openFolderBase } from './folder-base.ts';
import { firstMember } from './tar.ts';
import { HELD_DIGITS, isWant, parseWant } from './want.ts';
import type { Want } from './want.ts';

/**
 * Opens what `--since` names. `onRead` is told the bytes of a bundle that are read, and of how many. Throws a `Stop` where it is nothing that
 * says what a receiver has.
 */
export async function openBase(since: string, onRead: (done: number, total: number) => void): Promise<Base> {
  const place = resolve(since);
  const stats = statSync(place, { throwIfNoEntry: false });
  if (!stats) throw new Stop('no-site', `${place} is not there`, HINT);
  if (stats.isDirectory()) {
    const release = await readRelease(place);
    if (!release) throw new Stop('no-site', `${place} holds no site`, HINT);
    return await openFolderBase(place, treeDigest(release));
  }
  if (stats.isFile() && firstMember(place) !== undefined) return await openBundleBase(place, onRead);
  const text = stats.isFile() && stats.size < LARGEST ? readFileSync(place, 'utf8') : '';
  if (isWant(text)) return wantBase(parseWant(text, place));
  throw new Stop('no-site', `${place} doesn't say what the other side has`, HINT);
}

const HINT = `give --since ${WAYS}`;
/** Bytes: that of a million contents has 20 MB. */
const LARGEST = 2 ** 28;

/** Contents alone, not how zips hold them. */
function wantBase({ manifest, holds }: Want): Base {
  const held = new Set(holds);
  return {
    manifest: manifest ?? NO_MANIFEST,
    has: (digest) => held.has(digest.slice(0, HELD_DIGITS)),
    hasStream: () => false,
    texts: () => [],
    close: () => undefined,
  };
}

/** What has contents and no site. */
const NO_MANIFEST = '0'.repeat(64);
