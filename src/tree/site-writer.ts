import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { setContentTime } from './content-time.ts';
import { inside } from './inside.ts';
import { listingOf, manifestWriter } from './manifest.ts';
import type { ManifestDigests } from './manifest-digests.ts';
import type { Listing, SiteFile } from './manifest.ts';

/**
 * Writes the files of a site below one folder, and the site manifest. Lines of the manifest are in the order in which
 * files are entered.
 */
export interface SiteWriter {
  readonly folder: string;
  /** The place of a path on disk. Throws an Error for a path that leaves the site. */
  resolve(path: string): string;
  /** Writes a generated or copied file, with its folder, and enters it. The digest may be left out. */
  write(path: string, bytes: Buffer, kind: Pick<SiteFile, 'type' | 'cache'> & { readonly digest?: string }): SiteFile;
  /** Enters files that the caller has written. */
  enter(listing: Listing): void;
  /** Writes the rest of the manifest. */
  finish(): SiteTotals;
}

export interface SiteTotals extends ManifestDigests {
  readonly files: number;
  readonly bytes: number;
}

/** `previous` is a folder with an older tree of the same site, which need not be given again what it has. */
export function openSiteWriter(folder: string, previous?: string): SiteWriter {
  const folders = new Set<string>();
  let files = 0;
  let bytes = 0;
  const resolve = (path: string): string => inside(folder, path);
  const place = (path: string): string => {
    const full = resolve(path);
    const parent = dirname(full);
    if (!folders.has(parent)) makeFolder(parent);
    folders.add(parent);
    return full;
  };
  const manifest = manifestWriter(place);
  const enter = (listing: Listing): void => {
    manifest.append(listing.text);
    files += listing.files;
    bytes += listing.bytes;
  };
  return {
    folder,
    resolve,
    enter,
    write: (path, content, kind) => {
      const digest = kind.digest ?? createHash('sha256').update(content).digest('hex');
      if (previous === undefined || !holds(join(previous, path), content)) {
        writeFileSync(place(path), content);
        setContentTime(resolve(path), digest);
      }
      const file = { path, size: content.length, digest, type: kind.type, cache: kind.cache };
      enter(listingOf([file]));
      return file;
    },
    finish: () => ({ files, bytes, ...manifest.finish() }),
  };
}

/** Whether a file has this content already. A file that can't be read is written again. */
function holds(path: string, content: Buffer): boolean {
  try {
    return readFileSync(path).equals(content);
  } catch {
    return false;
  }
}
