import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openZipStore } from '../build/cache/archives.ts';
import { openContentStore } from '../build/cache/contents.ts';
import type { ReadEntry } from '../build/cache/entries.ts';
import { openVerified } from '../build/cache/verified.ts';
import type { Entry } from '../build/entry.ts';
import { cacheFolder } from '../cache-folders.ts';
import type { KeyFile } from '../config.ts';
import { Stop } from '../errors.ts';
import { signatureJudge } from '../package/signature-judge.ts';
import type { SignedPair } from '../package/signature-judge.ts';
import { Lack, NOT_THERE } from '../storage/lack.ts';
import type { Storage } from '../storage/storage.ts';

/** What the signatures are verified with. `cache` keeps the result; undefined keeps nothing. */
export interface Verifying {
  readonly storage: Storage;
  readonly keys: readonly KeyFile[];
  readonly cache: string | undefined;
}

/** Adds to each revision what is wrong with its signature, as a build finds it. What is unfit already is not verified. */
export async function verifySignatures(
  { storage, keys, cache }: Verifying,
  all: readonly ReadEntry[],
): Promise<readonly ReadEntry[]> {
  if (!all.some(isSigned)) return all;
  const temporary = await mkdtemp(join(tmpdir(), 'epr-static-'));
  const verified = openVerified(cacheFolder(cache ?? temporary, 'signatures'));
  const judge = signatureJudge(() => keys, verified);
  try {
    const found: ReadEntry[] = [];
    for (const read of all) {
      const { entry } = read;
      if (!entry || !isSigned(read)) found.push(read);
      else {
        const findings = await judge.judge(entry.revision, () => pairOf(storage, entry, temporary));
        found.push({ ...read, findings: [...read.findings, ...findings] });
      }
    }
    verified.close(createHash('sha256').update(temporary).digest('hex').slice(0, 16));
    return found;
  } finally {
    await judge.close();
    await rm(temporary, { recursive: true, force: true });
  }
}

function isSigned({ entry, findings }: ReadEntry): boolean {
  return findings.length === 0 && entry?.revision.signature !== undefined;
}

async function pairOf(storage: Storage, entry: Entry, temporary: string): Promise<SignedPair> {
  const { where, signature: signatureId } = entry.revision;
  const signature = await contentOf(storage, signatureId, `${where}.sig`);
  if (entry.zip === undefined) {
    const { path, digest } = await generatedZip(storage, entry, temporary);
    return { digest, isGenerated: true, signature, readZip: async () => path };
  }
  const zip = await contentOf(storage, entry.zip, where);
  const digest = createHash('sha256').update(zip).digest('hex');
  return { digest, isGenerated: false, signature, readZip: async () => zip };
}

/** Makes the zip of a folder package as a build does. */
async function generatedZip(storage: Storage, entry: Entry, folder: string): Promise<{ path: string; digest: string }> {
  const store = await openContentStore(cacheFolder(folder, 'contents'));
  try {
    for (const { content } of entry.files) await store.ensure(content, () => storage.read(content));
    const path = join(folder, `${entry.revision.name}-${entry.revision.version}.zip`);
    const made = await openZipStore(cacheFolder(folder, 'archives'), store).place(entry, path);
    if (!made) throw new Error(`${path}: contents that were just stored can't be read`);
    return { path, digest: made.digest };
  } finally {
    await store.close();
  }
}

async function contentOf(storage: Storage, content: string | undefined, where: string): Promise<Buffer> {
  const bytes = content === undefined ? NOT_THERE : await storage.read(content);
  if (bytes instanceof Lack)
    throw new Stop('changed', `${where} was changed while it was read`, 'run the command again');
  return bytes;
}
