import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../tree/make-folder.ts';
import { isAbsence } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { linkOrCopy } from '../tree/commit/link.ts';
import { patchFolder } from '../tree/commit/patch.ts';
import { recoverFolder, replaceFolder } from '../tree/commit/replace.ts';
import { HOST_RECORD, RELEASE } from '../tree/layout.ts';
import { eachListedFile, filesWithDigests } from '../tree/manifest.ts';
import { treeDigest } from '../tree/manifest-digests.ts';
import { readRelease } from '../tree/release.ts';
import { isSealed, sealedDocument } from '../tree/sealed.ts';
import type { HostAssets, Since, SiteNews, TargetSite } from './target.ts';

/*
 * The folder of a host that holds the files of a site, as links to the site's files if the file system can link. Later
 * builds change only what differs.
 */

export interface AssetFolder extends HostAssets {
  /** The host's own files by path, inside the host's folder. */
  readonly own: ReadonlyMap<string, Buffer>;
}

/** What is known of a host's folder. */
export interface AssetRecord {
  /** The digest of the manifest of the site that it holds. */
  readonly manifest: string;
  /** What the host would warn of. */
  readonly findings: readonly Finding[];
  /** The host's own files: the SHA-256 of each, in hex, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** The record of a host's folder; undefined where there is none, or where it was altered: then the folder is made again. */
export function readRecord(hostFolder: string): AssetRecord | undefined {
  const text = readIfThere(join(hostFolder, HOST_RECORD))?.toString('utf8');
  return text !== undefined && isSealed(text) ? (JSON.parse(text) as AssetRecord) : undefined;
}

/** Has the next build make the folder of a host anew. */
export function forgetRecord(hostFolder: string): void {
  rmSync(join(hostFolder, HOST_RECORD), { force: true });
}

function recordOf({ manifest, findings }: Omit<AssetRecord, 'files'>, own: ReadonlyMap<string, Buffer>): Buffer {
  const digests = [...own].map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')] as const);
  const plain = findings.map(({ code, where, text, level }) => ({ code, where, text, level }));
  return Buffer.from(sealedDocument({ manifest, findings: plain, files: Object.fromEntries(digests) }));
}

/** Brings a host's folder up to date with the site, which is in its place. */
export async function updateAssets(
  { folder, hostFolder, lock }: TargetSite,
  host: AssetFolder,
  { findings, since }: SiteNews,
): Promise<void> {
  recoverFolder(hostFolder);
  const manifest = await manifestOf(folder);
  const release = Buffer.from(readFileSync(join(folder, RELEASE)));
  const files = new Map([...host.own, [join(host.folder, RELEASE), release]]);
  const own = new Map([...files, [HOST_RECORD, recordOf({ manifest, findings }, files)]]);
  const locked = { folder: hostFolder, lock };
  const made = readRecord(hostFolder)?.manifest;
  if (made !== manifest && (made === undefined || made !== since?.manifest)) {
    await replaceFolder(locked, async (temporary) => {
      await linkAll(await allAssets(folder, host), { from: folder, to: join(temporary, host.folder) });
      writeAll(own, temporary);
    });
    return;
  }
  const changed = new Map([...own].filter(([path, bytes]) => !readIfThere(join(hostFolder, path))?.equals(bytes)));
  if (made === manifest && changed.size === 0) return;
  const { added, removed } =
    made === manifest || !since ? { added: NO_ASSETS, removed: [] } : await changedAssets(folder, host, since);
  await patchFolder({ ...locked, witness: HOST_RECORD, isRead: 'as it lies' }, async (temporary) => {
    await linkAll(added, { from: folder, to: join(temporary, host.folder) });
    writeAll(changed, temporary);
    return { result: undefined, removed: removed.map((path) => join(host.folder, path)), last: [HOST_RECORD] };
  });
}

/** For each path among the assets, a path in the site that has its content. */
type Assets = ReadonlyMap<string, string>;

const NO_ASSETS: Assets = new Map();

async function allAssets(folder: string, { assetOf }: AssetFolder): Promise<Assets> {
  const assets = new Map<string, string>();
  for await (const { path, digest } of eachListedFile(folder)) {
    const asset = assetOf(path, digest);
    if (!assets.has(asset)) assets.set(asset, path);
  }
  return assets;
}

async function changedAssets(
  folder: string,
  { assetOf }: AssetFolder,
  { differences }: Since,
): Promise<{ added: Assets; removed: string[] }> {
  const added = new Map<string, string>();
  for (const one of differences)
    if (one.change !== 'removed') added.set(assetOf(one.after.path, one.after.digest), one.after.path);
  const old = differences.flatMap((one) => (one.change === 'added' ? [] : [one.before]));
  const still = await filesWithDigests(folder, new Set(old.map(({ digest }) => digest)));
  const kept = new Set([...added.keys(), ...still.map(({ path, digest }) => assetOf(path, digest))]);
  const removed = new Set(old.map(({ path, digest }) => assetOf(path, digest)).filter((asset) => !kept.has(asset)));
  return { added, removed: [...removed] };
}

async function linkAll(assets: Assets, { from, to }: { from: string; to: string }): Promise<void> {
  const folders = new Set<string>();
  let done = 0;
  for (const [path, source] of assets) {
    const parent = dirname(join(to, path));
    if (!folders.has(parent)) makeFolder(parent);
    folders.add(parent);
    linkOrCopy(join(from, source), join(to, path));
    if (++done % LINKS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve)); // lets a signal in
  }
}

/** A link takes 60 microseconds, and more with a promise. */
const LINKS_AT_ONCE = 512;

function writeAll(files: ReadonlyMap<string, Buffer>, folder: string): void {
  for (const [path, bytes] of files) {
    makeFolder(dirname(join(folder, path)));
    writeFileSync(join(folder, path), bytes);
  }
}

/** Replaces a host's folder of a few files, unless it holds just these already. */
export async function updateFiles(
  { folder, hostFolder, lock }: TargetSite,
  own: ReadonlyMap<string, Buffer>,
): Promise<void> {
  recoverFolder(hostFolder);
  const manifest = await manifestOf(folder);
  const files = new Map([...own, [HOST_RECORD, recordOf({ manifest, findings: [] }, own)]]);
  const isCurrent = [...files].every(([path, bytes]) => readIfThere(join(hostFolder, path))?.equals(bytes));
  if (!isCurrent) await replaceFolder({ folder: hostFolder, lock }, async (temporary) => writeAll(files, temporary));
}

/** The digest of the manifest of the site in a folder; '' where there is none. */
async function manifestOf(folder: string): Promise<string> {
  const release = await readRelease(folder);
  return release ? treeDigest(release) : '';
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return existsSync(path) ? readFileSync(path) : undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
