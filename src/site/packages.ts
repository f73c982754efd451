import pLimit from 'p-limit';
import type { Finding } from '../errors.ts';
import { contentFindings, contentsOf } from '../layers/contents.ts';
import type { Revision, Storage } from '../layers/layers.ts';
import type { ContentStore } from './content-store.ts';
import type { EntryReader, ReadEntry } from './entries.ts';
import type { Entry } from './entry.ts';
import type { SiteFile, SiteWriter } from './site-writer.ts';
import type { StoredZip } from './work.ts';
import type { ZipStore } from './zip-store.ts';

/** A package whose files are in their places. */
export interface PlacedPackage {
  readonly entry: Entry;
  readonly zip: SiteFile;
  readonly signature: SiteFile | undefined;
}

/** What came of a revision: a package in its place, or the findings that keep it out. */
export interface PackageOutcome {
  readonly revision: Revision;
  readonly placed: PlacedPackage | undefined;
  readonly findings: readonly Finding[];
}

export interface PackageMaking {
  readonly storage: Storage;
  readonly entries: EntryReader;
  readonly store: ContentStore;
  readonly zips: ZipStore;
  readonly writer: SiteWriter;
  onProgress(stage: string, done: number, total: number): void;
}

/**
 * Reads revisions, takes their contents in, and puts their files, zips and signatures in their places: all at once, so that
 * while one is parsed another is deflated and a third is written.
 */
export async function placePackages(revisions: readonly Revision[], making: PackageMaking): Promise<PackageOutcome[]> {
  const revisionLimit = pLimit(REVISIONS_AT_ONCE);
  const contentLimit = pLimit(CONTENTS_AT_ONCE);
  const ensure = (content: string): Promise<boolean> =>
    contentLimit(() => making.store.ensure(content, () => making.storage.read(content)));
  let done = 0;
  return await Promise.all(
    revisions.map((revision) =>
      revisionLimit(async () => {
        const outcome = await placeRevision(revision, making, ensure);
        making.onProgress('packages', ++done, revisions.length);
        return outcome;
      }),
    ),
  );
}

/** Enough for some to be read while others wait for zlib. */
const REVISIONS_AT_ONCE = 8;
/** Enough to keep the threads busy; each holds one content in memory. */
const CONTENTS_AT_ONCE = 32;

async function placeRevision(
  revision: Revision,
  making: PackageMaking,
  ensure: (content: string) => Promise<boolean>,
): Promise<PackageOutcome> {
  const read = await making.entries.read(revision);
  const missing = await ensureAll(read, ensure);
  const known = new Set(read.findings.map(({ where }) => where));
  const own = contentFindings({ revision, listed: read }, missing).filter(({ where }) => !known.has(where));
  const findings = [...read.findings, ...own];
  if (!read.entry || findings.length > 0) return { revision, placed: undefined, findings };
  return { revision, placed: await place(read.entry, making, () => ensureAgain(read, making, ensure)), findings };
}

/** The contents that the storage lacks. */
async function ensureAll(read: ReadEntry, ensure: (content: string) => Promise<boolean>): Promise<Set<string>> {
  const missing = new Set<string>();
  await Promise.all(
    contentsToStore(read).map(async (content) => {
      if (!(await ensure(content))) missing.add(content);
    }),
  );
  return missing;
}

/** Makes contents again of which the store holds a broken stream. */
async function ensureAgain(
  read: ReadEntry,
  { store }: PackageMaking,
  ensure: (content: string) => Promise<boolean>,
): Promise<void> {
  for (const content of contentsToStore(read)) store.forget(content);
  await ensureAll(read, ensure);
}

function contentsToStore(read: ReadEntry): string[] {
  const contents = contentsOf({ revision: read.revision, listed: read }).map(({ content }) => content);
  return read.zip === undefined ? contents : [...contents, read.zip];
}

async function place(
  entry: Entry,
  { writer, store, zips }: PackageMaking,
  ensureAgain: () => Promise<void>,
): Promise<PlacedPackage> {
  const { name, version, signature } = entry.revision;
  const path = `epr/${name}/${name}-${version}.zip`;
  const contents = entry.files.map((file): [string, string] => [
    file.content,
    `package/${name}/${version}/${file.path}`,
  ]);
  if (entry.zip !== undefined) contents.push([entry.zip, path]);
  if (signature !== undefined) contents.push([signature, `${path}.sig`]);
  const links = contents.map(([content, to]): [string, string] => [store.fileOf(content), writer.resolve(to)]);
  const [zip] = await Promise.all([placeZip(), store.workers.run('link', { links })]);
  return {
    entry,
    zip: { path, size: zip.size, digest: zip.digest, type: 'application/zip', cache: 'files' },
    signature: signature === undefined ? undefined : contentFile(store, signature, `${path}.sig`),
  };

  async function placeZip(): Promise<Pick<StoredZip, 'size' | 'digest'>> {
    if (entry.zip !== undefined) return store.get(entry.zip);
    const made = await zips.place(entry, writer.resolve(path));
    if (made) return made;
    await ensureAgain();
    const again = await zips.place(entry, writer.resolve(path));
    if (!again) throw new Error(`${path}: contents that were just stored can't be read`);
    return again;
  }
}

/** A content at a path of the site, typed by its bytes. */
export function contentFile(store: ContentStore, content: string, path: string): SiteFile {
  const { size, digest, sniffed } = store.get(content);
  return { path, size, digest, type: sniffed, cache: 'files' };
}
