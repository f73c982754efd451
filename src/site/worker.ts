import { parentPort, workerData } from 'node:worker_threads';
import { startWork } from './work.ts';
import type { Work } from './work.ts';

/** A worker thread: tasks come as messages, and each is answered by its result or its error. */
const work = startWork(workerData as { name: string; file: string });

parentPort?.on('message', ({ id, kind, task }: { id: number; kind: keyof Work; task: never }) => {
  try {
    parentPort?.postMessage({ id, result: work[kind](task) });
  } catch (error) {
    parentPort?.postMessage({ id, error });
  }
});
