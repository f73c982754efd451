import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { keysDigest } from '../config.ts';
import type { KeyFile } from '../config.ts';
import type { Finding } from '../errors.ts';
import type { Revision } from '../storage/storage.ts';
import { questionsTo } from '../thread-answers.ts';
import { checkKeys } from './signature.ts';
import type { SignedZip } from './signature.ts';
import type { VerificationResult, VerificationTask } from './signature-thread.ts';

/** The keys that may sign a revision; undefined or none if its signature is not verified. */
export type KeysOf = (revision: Revision) => readonly KeyFile[] | undefined;

/** What is known to be the signature of a zip, by key. */
export interface VerifiedPairs {
  has(key: string): boolean;
  add(key: string): void;
}

/** A zip and its signature, before the zip is read. */
export interface SignedPair {
  /** The SHA-256 of the zip, in hex. */
  readonly digest: string;
  readonly isGenerated: boolean;
  readonly signature: Uint8Array;
  /** The bytes of the zip, or the file that has them. */
  readZip(): Promise<SignedZip['zip']>;
}

/**
 * Verifies the signatures of revisions. Builds and the verbs that change or check a layer all ask this one judge. It works in a
 * thread of its own, which starts with the first signature.
 */
export interface SignatureJudge {
  /**
   * What is wrong with the signature of a revision, if it has one, and there are keys. Throws a `Stop` if a file of keys is
   * broken.
   */
  judge(revision: Revision, pairOf: () => Promise<SignedPair>): Promise<Finding[]>;
  close(): Promise<void>;
}

/** A judge by these keys. Pairs that are right are added to `verified`, and are not verified again. */
export function signatureJudge(keysOf: KeysOf, verified: VerifiedPairs): SignatureJudge {
  let thread: VerifyingThread | undefined;
  const checked = new Map<readonly KeyFile[], Promise<void>>();
  return {
    judge: async (revision, pairOf) => {
      const keys = keysOf(revision) ?? [];
      if (keys.length === 0 || revision.signature === undefined) return [];
      const { digest, isGenerated, signature, readZip } = await pairOf();
      const pair = pairKey(digest, signature, keys);
      if (verified.has(pair)) return [];
      const check = checked.get(keys) ?? checkKeys(keys);
      checked.set(keys, check);
      await check;
      thread ??= startThread();
      const name = `${revision.name}-${revision.version}.zip`;
      const fault = await thread.verify({ name, zip: await readZip(), isGenerated, signature }, keys);
      if (fault === undefined) verified.add(pair);
      return fault === undefined ? [] : [signatureFinding(revision, fault, 'error')];
    },
    close: async () => await thread?.close(),
  };
}

/** A finding about the signature beside a revision. */
export function signatureFinding({ layer, where }: Revision, text: string, level: Finding['level']): Finding {
  return { code: 'signature', where: `${layer}: ${where}.sig`, text, level };
}

function pairKey(zip: string, signature: Uint8Array, keys: readonly KeyFile[]): string {
  const own = createHash('sha256').update(signature).digest('hex');
  return createHash('sha256')
    .update(JSON.stringify([zip, own, keysDigest(keys)]))
    .digest('hex');
}

interface VerifyingThread {
  verify(signed: SignedZip, keys: readonly KeyFile[]): Promise<string | undefined>;
  close(): Promise<void>;
}

function startThread(): VerifyingThread {
  const worker = new Worker(WORKER);
  const questions = questionsTo<string | undefined>(worker, 'verifies signatures');
  worker.on('message', (result: VerificationResult) => questions.settle(result));
  let next = 0;
  return {
    verify: async (signed, keys) => {
      const id = next++;
      worker.postMessage({ id, signed, keys } satisfies VerificationTask);
      return await questions.wait(id);
    },
    close: questions.close,
  };
}

/** Node 20 doesn't run TypeScript, so a test runner takes the compiled thread. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../lib/package/signature-thread.js' : './signature-thread.js',
  import.meta.url,
);
