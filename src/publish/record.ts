import { join } from 'node:path';
import type { ByteString } from '../tree/byte-string.ts';
import { asByteString } from '../tree/byte-string.ts';
import { parseFileList } from '../tree/file-list.ts';
import type { FileEntry } from '../tree/file-list.ts';
import { packageFilePath } from '../tree/layout.ts';
import type { SiteFile } from '../tree/manifest.ts';
import { IN_PACK, recordText } from '../tree/store-form.ts';
import type { Place } from '../tree/store-form.ts';
import { contentAt, hasDigest } from './content-at.ts';
import { readListed, readSiteFile } from './site-parts.ts';
import type { RevisionParts } from './site-parts.ts';
import { zipPlaces } from './zip-places.ts';

/**
 * Adds the pages of a revision to a pack, and its record behind them; gives the place of the record. Files that its zip doesn't hold byte for
 * byte are added, too. Throws a `Stop` where a file isn't the one that the site lists.
 */
export async function writeRecord(
  folder: string,
  { parts, zip, add }: { readonly parts: RevisionParts; readonly zip: Buffer | undefined; add(content: Buffer): Place },
): Promise<Place> {
  const page = async (file: SiteFile | undefined): Promise<{ place: Place } | undefined> =>
    file && { place: inPack(add(await readSiteFile(folder, file))) };
  const [index, signature] = [await page(parts.index), await page(parts.signature)];
  const list = (await readSiteFile(folder, parts.list)).toString('utf8');
  const inZip = parts.zip ? placesInside(join(folder, parts.zip.path)) : new Map<string, Place>();
  const files: [string, Place][] = [];
  for (const [path, entry] of Object.entries(parseFileList(list).files)) {
    const member = inZip.get(path);
    const place = zip && member && holds(zip, member, entry) ? member : undefined;
    files.push([path, place ?? inPack(add(await readOwn(folder, { parts, path: asByteString(path), entry })))]);
  }
  const places = {
    ...(index && { index: index.place }),
    ...(signature && { signature: signature.place }),
    files: Object.fromEntries(files),
  };
  return add(Buffer.from(recordText(list, places)));
}

/** The places of the files in a zip, by path inside its one top folder. */
function placesInside(zip: string): Map<string, Place> {
  return new Map([...zipPlaces(zip)].map(([name, place]) => [name.slice(name.indexOf('/') + 1), place]));
}

/** Whether a file lies at a place of a zip, whatever the zip says of it. */
function holds(zip: Buffer, place: Place, [size, digest]: FileEntry): boolean {
  const content = place[4] === size ? contentAt(zip, place) : undefined;
  return content !== undefined && hasDigest(content, digest);
}

async function readOwn(
  folder: string,
  { parts, path, entry }: { readonly parts: RevisionParts; readonly path: ByteString; readonly entry: FileEntry },
): Promise<Buffer> {
  const [size, digest] = entry;
  return await readListed(folder, {
    path: asByteString(packageFilePath(parts.name, parts.version, path)),
    size,
    digest,
  });
}

function inPack([, ...rest]: Place): Place {
  return [IN_PACK, ...rest];
}
