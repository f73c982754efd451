import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { questionsTo } from '../../thread-answers.ts';
import type { Questions, ThreadAnswer } from '../../thread-answers.ts';
import type { Task, TaskResult } from './tasks.ts';

/*
 * The threads that read a site.
 */

/** What a thread tells: how many bytes it has read since it told last, or what came of its one task. */
export type Message = { readonly read: number } | ThreadAnswer<TaskResult>;

export interface Threads {
  /** Waits for a thread that is free. Its result comes with the promise that `task` is given. */
  start(task: Task): Promise<{ readonly result: Promise<TaskResult> }>;
  close(): Promise<void>;
}

/** Starts a thread a core, no more than are worth it for so many files. `onRead` is told the bytes that they have read. */
export function startThreads(folder: string, files: number, onRead: (bytes: number) => void): Threads {
  const count = Math.min(availableParallelism(), MOST_THREADS, Math.ceil(files / FILES_OF_A_THREAD) || 1);
  const threads = Array.from({ length: count }, () => startThread(folder, onRead));
  const free = [...threads];
  const waiting: ((thread: Thread) => void)[] = [];
  const release = (thread: Thread): void => {
    const next = waiting.shift();
    if (next) next(thread);
    else free.push(thread);
  };
  const take = async (): Promise<Thread> =>
    free.shift() ?? (await new Promise((resolve) => void waiting.push(resolve)));
  return {
    start: async (task) => {
      const thread = await take();
      const result = ask(thread, task).finally(() => release(thread));
      result.catch(() => undefined); // whoever waits for the result gets the error
      return { result };
    },
    close: async () => void (await Promise.all(threads.map(({ questions }) => questions.close()))),
  };
}

/** More threads than these would only wait for the disk. */
const MOST_THREADS = 4;
/** To start a thread takes as long as to read so many. */
const FILES_OF_A_THREAD = 1000;

interface Thread {
  readonly worker: Worker;
  readonly questions: Questions<TaskResult>;
}

function startThread(folder: string, onRead: (bytes: number) => void): Thread {
  const worker = new Worker(WORKER, { workerData: { folder } });
  const questions = questionsTo<TaskResult>(worker, 'reads the site');
  worker.on('message', (message: Message) => {
    if ('read' in message) onRead(message.read);
    else questions.settle(message);
  });
  return { worker, questions };
}

async function ask({ worker, questions }: Thread, task: Task): Promise<TaskResult> {
  worker.postMessage(task, 'lines' in task ? [task.lines.buffer as ArrayBuffer] : []);
  return await questions.wait(0);
}

/** Node 20 doesn't run TypeScript, so a test runner takes the compiled thread. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../lib/inspect/verify/thread.js' : './thread.js',
  import.meta.url,
);
