import { parentPort } from 'node:worker_threads';
import type { KeyFile } from '../config.ts';
import { verificationFault } from './signature.ts';
import type { SignedZip } from './signature.ts';

/* The thread that verifies signatures: to hash a zip and to check its signature takes 8 ms for each MB. */

export interface VerificationTask {
  readonly id: number;
  readonly signed: SignedZip;
  readonly keys: readonly KeyFile[];
}

export interface VerificationResult {
  readonly id: number;
  readonly fault?: string | undefined;
  readonly error?: unknown;
}

let before: Promise<unknown> = Promise.resolve();

parentPort?.on('message', (task: VerificationTask) => {
  before = before.then(() => carryOut(task)).then((result) => parentPort?.postMessage(result));
});

async function carryOut({ id, signed, keys }: VerificationTask): Promise<VerificationResult> {
  try {
    return { id, fault: await verificationFault(signed, keys) };
  } catch (error) {
    return { id, error };
  }
}
