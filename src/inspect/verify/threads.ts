import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Task, TaskResult } from './tasks.ts';

/*
 * The threads that read a site.
 */

/** What a thread tells. */
export type Answer =
  | { readonly kind: 'read'; readonly bytes: number }
  | { readonly kind: 'done'; readonly result: TaskResult }
  /** `fields` are those that a message leaves out of an error. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly fields: object };

export interface Threads {
  /** Waits for a thread that is free. Its result comes with the promise that `task` is given. */
  start(task: Task): Promise<{ readonly result: Promise<TaskResult> }>;
  close(): Promise<void>;
}

/** Starts a thread a core, no more than are worth it for so many files. `onRead` is told the bytes that they have read. */
export function startThreads(folder: string, files: number, onRead: (bytes: number) => void): Threads {
  const count = Math.min(availableParallelism(), MOST_THREADS, Math.ceil(files / FILES_OF_A_THREAD) || 1);
  const workers = Array.from({ length: count }, () => new Worker(WORKER, { workerData: { folder } }));
  const free = [...workers];
  const waiting: ((worker: Worker) => void)[] = [];
  const release = (worker: Worker): void => {
    const next = waiting.shift();
    if (next) next(worker);
    else free.push(worker);
  };
  const take = async (): Promise<Worker> =>
    free.shift() ?? (await new Promise((resolve) => void waiting.push(resolve)));
  return {
    start: async (task) => {
      const worker = await take();
      const result = ask(worker, task, onRead).finally(() => release(worker));
      result.catch(() => undefined); // whoever waits for the result gets the error
      return { result };
    },
    close: async () => void (await Promise.all(workers.map((worker) => worker.terminate()))),
  };
}

/** More threads than these would only wait for the disk. */
const MOST_THREADS = 4;
/** To start a thread takes as long as to read so many. */
const FILES_OF_A_THREAD = 1000;

async function ask(worker: Worker, task: Task, onRead: (bytes: number) => void): Promise<TaskResult> {
  return await new Promise((resolve, reject) => {
    const end = (): void => {
      worker.off('message', hear);
      worker.off('error', fail);
    };
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const hear = (answer: Answer): void => {
      if (answer.kind === 'read') onRead(answer.bytes);
      else if (answer.kind === 'failed') fail(Object.assign(answer.error as object, answer.fields));
      else {
        end();
        resolve(answer.result);
      }
    };
    worker.on('message', hear);
    worker.on('error', fail);
    worker.postMessage(task, 'lines' in task ? [task.lines.buffer as ArrayBuffer] : []);
  });
}

/** Node 20 doesn't run TypeScript, so a test runner takes the compiled thread. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../lib/inspect/verify/thread.js' : './thread.js',
  import.meta.url,
);
