import type { Worker } from 'node:worker_threads';
import { Stop } from './errors.ts';
import { systemFields } from './system-errors.ts';

/*
 * What threads are asked, and their answers. A thread can end at any time: it fails, or the system gives it no more memory. Whoever
 * waits for it then gets an error.
 */

/** The answer to a question: its result, or an error and the fields that messages leave out of errors. */
export type ThreadAnswer<Result> =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: unknown; readonly fields: object };

/** The answer of a thread that failed. */
export function failure(id: number, error: unknown): ThreadAnswer<never> {
  return { id, error, fields: systemFields(error) };
}

/** The questions that a thread was asked and hasn't answered. */
export interface Questions<Result> {
  readonly count: number;
  /** The result for the question of this id, which the caller sends. Fails if the thread ends before that, or has ended. */
  wait(id: number): Promise<Result>;
  /** Takes an answer of the thread. */
  settle(answer: ThreadAnswer<Result>): void;
  /** Ends the thread. The remaining questions get neither a result nor an error. */
  close(): Promise<void>;
}

/** The questions to a thread. `job` says for a message what it does: "reads the site". */
export function questionsTo<Result>(worker: Worker, job: string): Questions<Result> {
  const waiting = new Map<number, { resolve(result: Result): void; reject(error: unknown): void }>();
  let reason: unknown = new Error(`the thread that ${job} ended without an answer`);
  let state: 'runs' | 'closed' | 'ended' = 'runs';
  worker.on('error', (error) => {
    reason = isLackOfMemory(error) ? new Stop('no-memory', `the thread that ${job} ran out of memory`, MORE) : error;
  });
  worker.on('exit', () => {
    if (state === 'closed') return;
    state = 'ended';
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
  });
  return {
    get count() {
      return waiting.size;
    },
    wait: (id) =>
      new Promise((resolve, reject) => {
        if (state === 'ended') reject(reason);
        else waiting.set(id, { resolve, reject });
      }),
    settle: (answer) => {
      const question = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (!('error' in answer)) question?.resolve(answer.result);
      else question?.reject(Object.assign(answer.error as object, answer.fields));
    },
    close: async () => {
      state = 'closed';
      await worker.terminate();
    },
  };
}

const MORE = 'close other programs, or give Node.js more memory: NODE_OPTIONS=--max-old-space-size=4096 (in MiB)';

function isLackOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
