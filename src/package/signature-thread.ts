import { parentPort } from 'node:worker_threads';
import type { KeyFile } from '../config.ts';
import { failure } from '../thread-answers.ts';
import type { ThreadAnswer } from '../thread-answers.ts';
import { verificationFault } from './signature.ts';
import type { SignedZip } from './signature.ts';

/* The thread that verifies signatures: to hash a zip and to check its signature takes 8 ms for each MB. */

export interface VerificationTask {
  readonly id: number;
  readonly signed: SignedZip;
  readonly keys: readonly KeyFile[];
}

/** The fault of a signature, if it has one. */
export type VerificationResult = ThreadAnswer<string | undefined>;

let before: Promise<unknown> = Promise.resolve();

parentPort?.on('message', (task: VerificationTask) => {
  before = before.then(() => carryOut(task)).then((result) => parentPort?.postMessage(result));
});

async function carryOut({ id, signed, keys }: VerificationTask): Promise<VerificationResult> {
  try {
    return { id, result: await verificationFault(signed, keys) };
  } catch (error) {
    return failure(id, error);
  }
}
