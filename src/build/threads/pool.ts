import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { questionsTo } from '../../thread-answers.ts';
import type { Questions, ThreadAnswer } from '../../thread-answers.ts';
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
  readonly questions: Questions<never>;
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
    run: async (kind, task, transfer) => {
      const thread = threads.reduce((least, one) => (one.questions.count < least.questions.count ? one : least));
      return await send(thread, { id: next++, kind, task, transfer });
    },
    close: async () => {
      leave();
      halt(brake); // a thread that ends within a task leaves files behind
      await Promise.all(threads.map(({ questions }) => questions.close()));
    },
  };
}

/** More threads than these would only wait for the disk. */
const MOST_THREADS = 4;

async function send(
  thread: Thread,
  { id, kind, task, transfer }: { id: number; kind: keyof Tasks; task: unknown; transfer: ArrayBuffer | undefined },
): Promise<never> {
  if (thread.outbox.tasks.length === 0) setImmediate(post, thread);
  thread.outbox.tasks.push({ id, kind, task });
  if (transfer) thread.outbox.transfers.push(transfer);
  return await thread.questions.wait(id);
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

function startThread(workerData: ThreadData): Thread {
  const worker = new Worker(WORKER, { workerData, resourceLimits: LIMITS });
  const questions = questionsTo<never>(worker, 'makes files of the site');
  const thread: Thread = { worker, questions, underWay: 0, outbox: { tasks: [], transfers: [] } };
  worker.on('message', (answers: readonly ThreadAnswer<never>[]) => {
    for (const answer of answers) questions.settle(answer);
    thread.underWay--;
    post(thread);
  });
  return thread;
}

/**
 * Within a limit, V8 lets a heap grow less before it collects garbage. What a thread keeps are the names of folders: with 9,284 package
 * versions, the largest heap took 63 MB.
 */
const LIMITS = { maxYoungGenerationSizeMb: 3, maxOldGenerationSizeMb: 1024 };

/** Node 20 doesn't run TypeScript, so a test runner takes the compiled thread. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../lib/build/threads/thread.js' : './thread.js',
  import.meta.url,
);
