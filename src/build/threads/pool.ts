import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { atExit } from '../../tree/commit/at-exit.ts';
import { halt, makeBrake } from './halt.ts';
import type { Brake } from './halt.ts';
import type { Tasks } from './tasks.ts';

type Task<Kind extends keyof Tasks> = Parameters<Tasks[Kind]>[0];
type Result<Kind extends keyof Tasks> = ReturnType<Tasks[Kind]>;

/** The threads that run the tasks of `tasks.ts`. */
export interface ThreadPool {
  /** The files of the packs that they write, by name. */
  readonly packs: ReadonlyMap<string, string>;
  /** Runs a task in the thread that has the least to do. `transfer` is given to that thread. */
  run<Kind extends keyof Tasks>(kind: Kind, task: Task<Kind>, transfer?: ArrayBuffer): Promise<Result<Kind>>;
  close(): Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, { resolve(result: never): void; reject(error: unknown): void }>;
  /** The number of messages that it has not answered yet. */
  underWay: number;
  /** The tasks of the next message. Waking a thread costs more than a small task. */
  outbox: { readonly tasks: unknown[]; readonly transfers: ArrayBuffer[] };
}

/** Starts a thread a core, at most four; each writes the pack `packs` names for it. */
export function startPool(packs: (index: number) => { readonly name: string; readonly file: string }): ThreadPool {
  const count = Math.min(availableParallelism(), MOST_THREADS);
  const own = Array.from({ length: count }, (_, i) => packs(i));
  const brake = makeBrake(count);
  const threads = own.map((pack, number) => startThread({ ...pack, brake, number }));
  const leave = atExit(() => halt(brake));
  let next = 0;
  return {
    packs: new Map(own.map(({ name, file }) => [name, file])),
    run: (kind, task, transfer) =>
      new Promise((resolve, reject) => {
        const [thread] = [...threads].sort((a, b) => a.waiting.size - b.waiting.size);
        const id = next++;
        if (thread) send(thread, { id, kind, task, transfer }, { resolve, reject });
      }),
    close: async () => {
      leave();
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

/** More threads than these would only wait for the disk. */
const MOST_THREADS = 4;

function send(
  thread: Thread,
  { id, kind, task, transfer }: { id: number; kind: keyof Tasks; task: unknown; transfer: ArrayBuffer | undefined },
  waiting: { resolve(result: never): void; reject(error: unknown): void },
): void {
  thread.waiting.set(id, waiting);
  if (thread.outbox.tasks.length === 0) setImmediate(post, thread);
  thread.outbox.tasks.push({ id, kind, task });
  if (transfer) thread.outbox.transfers.push(transfer);
}

/** Sends the collected tasks. If the thread has enough to do, it collects more. */
function post(thread: Thread): void {
  const { tasks, transfers } = thread.outbox;
  if (tasks.length === 0 || thread.underWay >= MOST_UNDER_WAY) return;
  thread.outbox = { tasks: [], transfers: [] };
  thread.underWay++;
  thread.worker.postMessage(tasks, transfers);
}

/** One message under way, and the next one ready. */
const MOST_UNDER_WAY = 2;

/** What a thread gets at its start: the pack that it writes, and its brake. */
export interface ThreadData {
  readonly name: string;
  readonly file: string;
  readonly brake: Brake;
  readonly number: number;
}

/** What a thread tells of a task: its result, or its error and the fields that messages leave out of errors. */
interface ThreadResult {
  readonly id: number;
  readonly result: never;
  readonly error?: object;
  readonly fields?: object;
}

function startThread(workerData: ThreadData): Thread {
  const worker = new Worker(WORKER, { workerData, resourceLimits: { maxYoungGenerationSizeMb: 3 } });
  const waiting: Thread['waiting'] = new Map();
  const thread: Thread = { worker, waiting, underWay: 0, outbox: { tasks: [], transfers: [] } };
  worker.on('message', (results: readonly ThreadResult[]) => {
    for (const { id, result, error, fields } of results) {
      const task = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) task?.resolve(result);
      else task?.reject(Object.assign(error, fields));
    }
    thread.underWay--;
    post(thread);
  });
  worker.on('error', (error) => {
    for (const task of waiting.values()) task.reject(error);
  });
  return thread;
}

/** Node 20 doesn't run TypeScript, so a test runner takes the compiled thread. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../lib/build/threads/thread.js' : './thread.js',
  import.meta.url,
);
