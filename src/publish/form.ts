import { kindOf } from '../tree/kinds.ts';
import type { SiteFile } from '../tree/manifest.ts';
import { halfDigest } from '../tree/store-form.ts';
import type { FilePlace, ObjectName, Place, RevisionPlace, Inventory } from '../tree/store-form.ts';
import { toByteString } from '../tree/text.ts';
import { openPack } from './packs.ts';
import type { OpenPack } from './packs.ts';
import { writeRecord } from './record.ts';
import { readSiteFile } from './site-parts.ts';
import type { RevisionParts, SiteParts } from './site-parts.ts';

/*
 * A site in the form of a store (`tree/store-form.ts`, docs/store.md): a function from the files of a site to objects, and an inventory of what
 * lies where. It depends on nothing but the site, and on what is to be used again of the inventory before.
 */

/** An object that a release needs. */
export interface StoreObject {
  /** SHA-256, in hex. */
  readonly digest: string;
  readonly size: number;
  readonly type: string;
  /** Its bytes. Throws a `Stop` where the site has changed. */
  read(): Promise<Buffer>;
}

/** Bytes at which a pack is closed. */
const PACK = 8 * 2 ** 20;
/** Stands for a pack that has no position in the inventory yet. */
const UNKNOWN = -1;

/**
 * Gives the objects of a site, each once, and returns its inventory. `known` is what is to be used again of an inventory (`reuse.ts`): the packs
 * in it are not given. Throws a `Stop` where a file isn't the one that the site lists.
 */
export async function* formOf(site: SiteParts, known: Inventory): AsyncGenerator<StoreObject, Inventory> {
  const draft = openDraft(known);
  yield* revisionsOf(site, known, draft);
  const answers = site.others.filter(({ path }) => kindOf(path) === 'answer');
  const rest = site.others.filter(({ path }) => kindOf(path) !== 'answer');
  for (const files of [answers, rest]) yield* filesOf({ ...site, others: files }, known, draft);
  return draft.inventory();
}

async function* revisionsOf(site: SiteParts, known: Inventory, draft: Draft): AsyncGenerator<StoreObject> {
  const packing = openPacking(draft);
  for (const parts of site.revisions) {
    const { name, version, zip } = parts;
    const key = `${name}/${version}`;
    const before = known.revisions[key];
    const bytes = before || !zip ? undefined : await readSiteFile(site.folder, zip);
    const zipAt = zip ? draft.enter(zip.digest, zip.size) : UNKNOWN;
    if (zip) yield zipObject(site.folder, zip, bytes);
    if (before) draft.revisions[key] = { ...before, record: draft.moved(before.record), zip: zipAt };
    else await packRevision(site.folder, { parts, bytes, zipAt }, { packing, draft });
    if (packing.isFull()) yield* packing.close();
  }
  yield* packing.close();
}

async function packRevision(
  folder: string,
  {
    parts,
    bytes,
    zipAt,
  }: { readonly parts: RevisionParts; readonly bytes: Buffer | undefined; readonly zipAt: number },
  { packing, draft }: { readonly packing: Packing; readonly draft: Draft },
): Promise<void> {
  const from = packing.size();
  const record = await writeRecord(folder, { parts, zip: bytes, add: packing.add });
  const list = halfDigest(parts.list.digest);
  packing.whenClosed((pack) => {
    draft.revisions[`${parts.name}/${parts.version}`] = { record: inObject(record, pack), from, list, zip: zipAt };
  });
}

async function* filesOf(site: SiteParts, known: Inventory, draft: Draft): AsyncGenerator<StoreObject> {
  const packing = openPacking(draft);
  for (const file of site.others) {
    const path = toByteString(file.path);
    const before = known.files[path];
    const digest = halfDigest(file.digest);
    if (before) draft.files[path] = { place: draft.moved(before.place), digest };
    else {
      const place = packing.add(await readSiteFile(site.folder, file));
      packing.whenClosed((pack) => {
        draft.files[path] = { place: inObject(place, pack), digest };
      });
    }
    if (packing.isFull()) yield* packing.close();
  }
  yield* packing.close();
}

/** A zip of the site. `bytes` are its bytes, where they were read already. */
function zipObject(folder: string, zip: SiteFile, bytes: Buffer | undefined): StoreObject {
  const read = async (): Promise<Buffer> => bytes ?? (await readSiteFile(folder, zip));
  return { digest: zip.digest, size: zip.size, type: zip.type, read };
}

/** An inventory that is being written. */
interface Draft {
  readonly revisions: Record<string, RevisionPlace>;
  readonly files: Record<string, FilePlace>;
  /** The position of an object, which is entered where it isn't there yet. */
  enter(digest: string, size: number): number;
  /** A place of the known inventory, in this one. */
  moved(place: Place): Place;
  inventory(): Inventory;
}

function openDraft(known: Inventory): Draft {
  const objects: ObjectName[] = [];
  const positions = new Map<string, number>();
  const enter = (digest: string, size: number): number => {
    const position = positions.get(digest) ?? objects.push([digest, size]) - 1;
    positions.set(digest, position);
    return position;
  };
  const [revisions, files]: [Draft['revisions'], Draft['files']] = [{}, {}];
  return {
    revisions,
    files,
    enter,
    moved: (place) => {
      const object = known.objects[place[0]];
      if (!object) throw new Error('the inventory of the store names an object that it has not');
      return inObject(place, enter(...object));
    },
    inventory: () => inOrder({ format: 1, objects, revisions, files }),
  };
}

/** The same inventory, with everything in order: equal sites have equal inventories. */
function inOrder({ format, objects, revisions, files }: Inventory): Inventory {
  const ordered = [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
  const positions = new Map(ordered.map(([digest], position) => [digest, position]));
  const moves = objects.map(([digest]) => positions.get(digest) ?? UNKNOWN);
  const move = (place: Place): Place => inObject(place, moves[place[0]] ?? UNKNOWN);
  return {
    format,
    objects: ordered,
    revisions: sorted(revisions, (one) => ({ ...one, record: move(one.record), zip: moves[one.zip] ?? UNKNOWN })),
    files: sorted(files, (one) => ({ ...one, place: move(one.place) })),
  };
}

/** Packs, one after the other. */
interface Packing {
  add(content: Buffer): Place;
  size(): number;
  isFull(): boolean;
  /** Calls back with the position of the pack that is open now. */
  whenClosed(use: (pack: number) => void): void;
  /** Gives the pack that is open, if it holds anything, and opens another. */
  close(): Generator<StoreObject>;
}

function openPacking(draft: Draft): Packing {
  let pack: OpenPack = openPack();
  let waiting: ((pack: number) => void)[] = [];
  return {
    add: (content) => pack.add(content, UNKNOWN),
    size: () => pack.size(),
    isFull: () => pack.size() >= PACK,
    whenClosed: (use) => void waiting.push(use),
    close: function* () {
      if (waiting.length === 0) return;
      const { digest, bytes } = pack.close();
      const position = draft.enter(digest, bytes.length);
      for (const use of waiting) use(position);
      [pack, waiting] = [openPack(), []];
      yield { digest, size: bytes.length, type: 'application/octet-stream', read: () => Promise.resolve(bytes) };
    },
  };
}

function inObject([, ...rest]: Place, object: number): Place {
  return [object, ...rest];
}

function sorted<T>(members: Readonly<Record<string, T>>, change: (member: T) => T): Record<string, T> {
  const entries = Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, change(member)]));
}
