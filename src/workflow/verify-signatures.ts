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
import { signatureJudge } from '../package/signature-judge.ts';
import type { SignedPair } from '../package/signature-judge.ts';
import type { Storage } from '../storage/storage.ts';
import { contentOf } from './content-of.ts';

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
  if (all.every((read) => signatureOf(read) === undefined)) return all;
  const temporary = await mkdtemp(join(tmpdir(), 'epr-static-'));
  const verified = openVerified(cacheFolder(cache ?? temporary, 'signatures'));
  const judge = signatureJudge(() => keys, verified);
  try {
    const found: ReadEntry[] = [];
    for (const read of all) {
      const { entry } = read;
      const signature = signatureOf(read);
      if (!entry || signature === undefined) found.push(read);
      else {
        const findings = await judge.judge(entry.revision, () => pairOf({ storage, entry, signature }, temporary));
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

/** The content of the signature that there is to verify: none where the package is unfit anyway. */
function signatureOf({ entry, findings }: ReadEntry): string | undefined {
  return findings.length === 0 ? entry?.revision.signature : undefined;
}

interface Signed {
  readonly storage: Storage;
  readonly entry: Entry;
  /** The content of the signature. */
  readonly signature: string;
}

async function pairOf({ storage, entry, signature: content }: Signed, temporary: string): Promise<SignedPair> {
  const { where } = entry.revision;
  const signature = await contentOf(storage, content, `${where}.sig`);
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
