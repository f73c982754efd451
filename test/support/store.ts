import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentAt } from '../../src/publish/content-at.ts';
import { readInventory, readPointer } from '../../src/publish/pointer.ts';
import { readNamed } from '../../src/publish/store.ts';
import type { Store } from '../../src/publish/store.ts';
import { asByteString } from '../../src/tree/byte-string.ts';
import { parseFileList } from '../../src/tree/file-list.ts';
import {
  fileListPath,
  packageFilePath,
  packageIndexPath,
  RELEASE,
  signaturePath,
  zipPath,
} from '../../src/tree/layout.ts';
import { listedFiles } from '../../src/tree/manifest.ts';
import { filePlaceIn, halfDigest, IN_ZIP, objectKey, pagePlacesIn, parseRecord } from '../../src/tree/store-form.ts';
import type { Place, RevisionPlace, Inventory } from '../../src/tree/store-form.ts';
import { toByteString } from '../../src/tree/text.ts';

/* A reader of a store that takes nothing for granted: it reads every file of a release. */

/** Gives the bytes of an object; throws where there is none. */
export type ObjectOf = (digest: string) => Buffer;

/** Each file of the site that an inventory stands for: `path digest`, sorted. Paths are byte strings. */
export function filesOfRelease(inventory: Inventory, objectOf: ObjectOf): string[] {
  const objectAt = (position: number): Buffer => {
    const [digest = 'none', size] = inventory.objects[position] ?? [];
    const bytes = objectOf(digest);
    if (bytes.length !== size || sha256(bytes) !== digest) throw new Error(`object ${digest} is another one`);
    return bytes;
  };
  const files = Object.entries(inventory.files).map(([path, { place, digest }]) => {
    const content = taken(objectAt(place[0]), place);
    if (halfDigest(sha256(content)) !== digest) throw new Error(`${path} is not what the inventory says`);
    return lineOf(path, content);
  });
  const revisions = Object.entries(inventory.revisions).flatMap(([key, revision]) =>
    filesOfRevision(key, revision, objectAt),
  );
  return [...files, ...revisions].sort();
}

function filesOfRevision(key: string, revision: RevisionPlace, objectAt: (position: number) => Buffer): string[] {
  const [name = '', version = ''] = key.split('/');
  const pack = objectAt(revision.record[0]);
  const zip = revision.zip < 0 ? undefined : objectAt(revision.zip);
  const record = parseRecord(taken(pack, revision.record).toString('utf8'));
  if (halfDigest(sha256(Buffer.from(record.list))) !== revision.list) throw new Error(`${key} has another list`);
  const { index, signature } = pagePlacesIn(record);
  const lines = [lineOf(fileListPath(name, version), Buffer.from(record.list))];
  if (zip) lines.push(lineOf(zipPath(name, version), zip));
  if (index) lines.push(lineOf(packageIndexPath(name, version), taken(pack, index)));
  if (signature) lines.push(lineOf(signaturePath(name, version), taken(pack, signature)));
  for (const path of Object.keys(parseFileList(record.list).files)) {
    const place = filePlaceIn(record, asByteString(path));
    if (!place) throw new Error(`${key} has no place for ${path}`);
    const object = place[0] === IN_ZIP ? zip : pack;
    lines.push(lineOf(packageFilePath(name, version, path), taken(object ?? Buffer.alloc(0), place)));
  }
  return lines;
}

/** The same of a site in a folder, by its manifest. */
export async function filesOfSite(folder: string): Promise<string[]> {
  const listed = (await listedFiles(folder)).map(({ path, digest }) => `${toByteString(path)} ${digest}`);
  return [...listed, lineOf(RELEASE, readFileSync(join(folder, RELEASE)))].sort();
}

function taken(object: Buffer, place: Place): Buffer {
  const content = contentAt(object, place);
  if (!content) throw new Error(`nothing lies at ${place.join()}`);
  return content;
}

function lineOf(path: string, content: Buffer): string {
  return `${path} ${sha256(content)}`;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What a reader of a store sees: every file of the current release. Throws where anything of it is missing or another one. */
export async function viewOf(store: Store): Promise<string[]> {
  const { pointer } = (await readPointer(store)) ?? {};
  if (!pointer) return [];
  const inventory = await readInventory(store, pointer.header);
  const objects = new Map<string, Buffer>();
  for (const [digest] of inventory.objects) objects.set(digest, await readNamed(store, objectKey(digest), digest));
  return filesOfRelease(inventory, (digest) => objects.get(digest) ?? Buffer.alloc(0));
}
