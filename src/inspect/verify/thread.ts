import { parentPort, workerData } from 'node:worker_threads';
import { systemFields } from '../../system-errors.ts';
import { startTasks } from './tasks.ts';
import type { Task } from './tasks.ts';
import type { Answer } from './threads.ts';

/** A thread of `verify`. It does one task at a time, and tells now and then how much it has read. */
let read = 0;
const run = startTasks((workerData as { readonly folder: string }).folder, (bytes) => {
  read += bytes;
  if (read > TOLD_AT_ONCE) tell();
});

/** Bytes. */
const TOLD_AT_ONCE = 4 * 2 ** 20;

function tell(): void {
  answer({ kind: 'read', bytes: read });
  read = 0;
}

function answer(message: Answer): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (task: Task) => {
  run(task).then(
    (result) => {
      tell();
      answer({ kind: 'done', result });
    },
    (error: unknown) => answer({ kind: 'failed', error, fields: systemFields(error) }),
  );
});
