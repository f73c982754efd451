import { rm } from 'node:fs/promises';
import pLimit from 'p-limit';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { compareRevisions } from '../catalog/merge.ts';
import { unfitness } from '../package/judge.ts';
import { contentsOf, storedContents } from '../storage/contents.ts';
import { Lack, NOT_THERE } from '../storage/lack.ts';
import type { Revision, Storage } from '../storage/storage.ts';
import type { SignatureJudge } from '../package/signature-judge.ts';
import type { EntryReader, ReadEntry } from './cache/entries.ts';
import { warningsOf } from './entry.ts';
import type { Deprecations, Entry } from './entry.ts';
import type { KeptPackage, MadePackage } from './kept.ts';
import { browsePackage } from './browse.ts';
import type { PackageBrowsing } from './browse.ts';
import { contentFile, deprecationIn, writePages } from './pages.ts';
import type { PlacedRevision } from './pages.ts';
import type { ContentStore } from './cache/contents.ts';
import { joinListings } from '../tree/manifest.ts';
import type { Listing } from '../tree/manifest.ts';
import { packageFilePath, signaturePath, zipPath } from '../tree/layout.ts';
import { sizeFault } from '../package/kibana.ts';
import { mediaTypeByExtension } from '../tree/media-type.ts';
import type { SiteWriter } from '../tree/site-writer.ts';
import { withoutTwins } from './twins.ts';
import type { TwinRules } from './twins.ts';
import { contentPlace } from './threads/tasks.ts';
import type { StoredZip } from './threads/tasks.ts';
import { weightedLimit } from './weighted-limit.ts';
import type { ZipStore } from './cache/archives.ts';

/** A package to make, or one to take as it is. */
export type PackageSource =
  | { readonly kind: 'made'; readonly revisions: readonly Revision[] }
  | { readonly kind: 'kept'; readonly kept: KeptPackage };

export interface PackageMaking extends TwinRules {
  readonly storage: Storage;
  readonly entries: EntryReader;
  readonly store: ContentStore;
  readonly zips: ZipStore;
  readonly signatures: SignatureJudge;
  readonly deprecations: Deprecations | undefined;
  readonly writer: SiteWriter;
  /** Undefined where the site has no pages for people. */
  readonly browsing: Pick<PackageBrowsing, 'distribution' | 'arrivals' | 'limit'> | undefined;
  /** Revisions that are in their places already, by id. */
  readonly placed: ReadonlyMap<string, PlacedRevision>;
  onProgress(stage: string, done: number, total: number): void;
}

/**
 * Makes packages, in the order of answers: reads each revision, stores its contents, puts files, zip and signature in
 * their places, writes the pages of the package, and enters everything into the site manifest. It works on many
 * packages at the same time, so that one is parsed while another is deflated and a third is written. Memory holds
 * little more than these.
 */
export async function makePackages(packages: readonly PackageSource[], making: PackageMaking): Promise<MadePackage[]> {
  const place = placing(making, packages.flatMap((one) => (one.kind === 'made' ? one.revisions : [])).length);
  let before: Promise<unknown> = Promise.resolve();
  const made = packages.map((one) => {
    const turn = before;
    const own = inTurn(one, turn);
    before = own;
    return own;
  });
  return await Promise.all(made);

  async function inTurn(one: PackageSource, turn: Promise<unknown>): Promise<MadePackage> {
    const { package: own, listing } = one.kind === 'kept' ? takeKept(one.kept) : await makeRevisions(one.revisions);
    await turn;
    making.writer.enter(listing);
    return own;
  }

  async function makeRevisions(all: readonly Revision[]): Promise<{ package: MadePackage; listing: Listing }> {
    const { revisions, findings } = await withoutTwins(all, making);
    return await makePackage(await Promise.all(revisions.map(place)), findings, making);
  }
}

function takeKept({ made, lines }: KeptPackage): { package: MadePackage; listing: Listing } {
  return { package: made, listing: { ...made.listed, text: lines } };
}

async function makePackage(
  outcomes: readonly RevisionOutcome[],
  findings: readonly Finding[],
  making: PackageMaking,
): Promise<{ package: MadePackage; listing: Listing }> {
  const placed = outcomes
    .flatMap((outcome) => outcome.placed ?? [])
    .sort((a, b) => compareRevisions(a.entry.revision, b.entry.revision));
  const { revisions, listings } = await writePages(placed, making);
  const { browsing } = making;
  const deprecated = deprecationIn(placed, making.deprecations);
  const browsed =
    browsing && (await browsing.limit(() => browsePackage(placed, deprecated, { ...making, ...browsing })));
  const listing = joinListings(listings);
  const made = {
    name: outcomes[0]?.revision.name ?? '',
    revisions,
    unfit: outcomes.flatMap((outcome) => (outcome.placed ? [] : [outcome.revision.id])),
    findings: [...findings, ...outcomes.flatMap((outcome) => outcome.findings)],
    browsed,
    listed: { length: listing.text.length, files: listing.files, bytes: listing.bytes },
  };
  return { package: made, listing };
}

/** The result for a revision: its files in their places, or the findings that exclude it. */
interface RevisionOutcome {
  readonly revision: Revision;
  readonly placed: PlacedRevision | undefined;
  readonly findings: readonly Finding[];
}

/** Places revisions, some at a time, in the order of the calls. */
function placing(making: PackageMaking, total: number): (revision: Revision) => Promise<RevisionOutcome> {
  const revisionLimit = pLimit(REVISIONS_AT_ONCE);
  const contentLimit = weightedLimit({ most: CONTENTS_AT_ONCE, weight: BYTES_AT_ONCE });
  const { store, storage } = making;
  const ensure = async (content: string): Promise<Lack | undefined> => {
    const size = store.has(content) ? store.get(content).size : await storage.size(content);
    return await contentLimit(size ?? 0, () => store.ensure(content, () => storage.read(content)));
  };
  let done = 0;
  return (revision) =>
    revisionLimit(async () => {
      const placed = making.placed.get(revision.id);
      const outcome = placed
        ? { revision, placed, findings: warningsIn(placed.entry, making.store) }
        : await placeRevision(revision, making, ensure);
      making.onProgress('packages', ++done, total);
      return outcome;
    });
}

/** Enough to read some while others wait for zlib. */
const REVISIONS_AT_ONCE = 8;
/** Enough to keep the threads busy. Each content is whole in memory, and those of most packages are a few kilobytes. */
const CONTENTS_AT_ONCE = 32;
const BYTES_AT_ONCE = 64 * 2 ** 20;

async function placeRevision(
  revision: Revision,
  making: PackageMaking,
  ensure: (content: string) => Promise<Lack | undefined>,
): Promise<RevisionOutcome> {
  const read = await making.entries.read(revision);
  if (!read.entry) {
    const findings = unfitness(read, await making.storage.lacks(storedContents(read)));
    return { revision, placed: undefined, findings };
  }
  let lacks = await ensureAll(read, ensure);
  if (lacks.size > 0 && read.zip !== undefined) {
    await making.storage.listFiles(revision); // an entry that was kept spares listing the zip, which finds what is in it
    lacks = await ensureAll(read, ensure);
  }
  const findings = unfitness(read, lacks);
  if (findings.length > 0) return { revision, placed: undefined, findings };
  const placing = await place(read.entry, making, () => ensureAgain(read, making, ensure));
  return placing.kind === 'placed'
    ? { revision, placed: placing.placed, findings: warningsIn(read.entry, making.store) }
    : { revision, placed: undefined, findings: placing.findings };
}

/** The warnings of an entry whose contents are in the store. */
function warningsIn(entry: Entry, store: ContentStore): Finding[] {
  const sizes = entry.files.flatMap(({ path, content }) => {
    const { size, sniffed } = store.get(content);
    return sizeFault(path, size, mediaTypeByExtension(path) ?? sniffed) ?? [];
  });
  const warnings = sizes.map(({ file, text }) => ({ code: 'kibana' as const, file, text }));
  return warningsOf({ revision: entry.revision, warnings: [...entry.warnings, ...warnings] });
}

/** The contents that the storage lacks. */
async function ensureAll(
  read: ReadEntry,
  ensure: (content: string) => Promise<Lack | undefined>,
): Promise<Map<string, Lack>> {
  const lacks = new Map<string, Lack>();
  await Promise.all(
    contentsOf(read).map(async ({ content }) => {
      const lack = await ensure(content);
      if (lack) lacks.set(content, lack);
    }),
  );
  return lacks;
}

/** Makes contents again whose stream in the store is broken. */
async function ensureAgain(
  read: ReadEntry,
  { store }: PackageMaking,
  ensure: (content: string) => Promise<Lack | undefined>,
): Promise<void> {
  for (const { content } of contentsOf(read)) store.forget(content);
  await ensureAll(read, ensure);
}

/** A revision in its place; or why its signature excludes it, and then no file of it is in the site. */
type Placing =
  | { readonly kind: 'placed'; readonly placed: PlacedRevision }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };

async function place(entry: Entry, making: PackageMaking, ensureAgain: () => Promise<void>): Promise<Placing> {
  const { writer, store, zips } = making;
  const { name, version, signature } = entry.revision;
  const path = zipPath(name, version);
  const signatureFile = signaturePath(name, version);
  const put = (folder: string, files: [content: string, path: string][]): Promise<void> =>
    store.pool.run('place', { store: store.folder, folder, files });
  const published: [string, string][] = [
    ...(entry.zip === undefined ? [] : [[entry.zip, path] as [string, string]]),
    ...(signature === undefined ? [] : [[signature, signatureFile] as [string, string]]),
  ];
  const placing = placeZip();
  const refused = await signatureFindings(entry, making, placing);
  if (refused.length > 0) {
    if (entry.zip === undefined) await rm(writer.resolve(path));
    return { kind: 'refused', findings: refused };
  }
  const [zip] = await Promise.all([
    placing,
    put(
      writer.resolve(packageFilePath(name, version, '')),
      entry.files.map((file) => [file.content, file.path]),
    ),
    published.length > 0 && put(writer.folder, published),
  ]);
  const placed = {
    entry,
    zip: { path, size: zip.size, digest: zip.digest, type: 'application/zip', cache: 'files' as const },
    signature: signature === undefined ? undefined : contentFile(store, signature, signatureFile),
  };
  return { kind: 'placed', placed };

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

/** What is wrong with the signature of a revision. `placing` is its zip, in its place if a build made it. */
async function signatureFindings(
  { revision, zip }: Entry,
  { storage, store, signatures, writer }: PackageMaking,
  placing: Promise<Pick<StoredZip, 'digest'>>,
): Promise<Finding[]> {
  const { name, version, where, signature } = revision;
  return await signatures.judge(revision, async () => {
    const { digest } = await placing;
    const bytes = signature === undefined ? NOT_THERE : await storage.read(signature);
    if (bytes instanceof Lack)
      throw new Stop('changed', `${where} was changed while it was read`, 'run the command again');
    const file = zip === undefined ? writer.resolve(zipPath(name, version)) : contentPlace(store.folder, zip);
    return { digest, isGenerated: zip === undefined, signature: bytes, readZip: async () => file };
  });
}
