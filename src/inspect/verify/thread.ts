import { parentPort, workerData } from 'node:worker_threads';
import { failure } from '../../thread-answers.ts';
import { startTasks } from './tasks.ts';
import type { Task } from './tasks.ts';
import type { Message } from './threads.ts';

/** A thread of `verify`. It does one task at a time, and tells now and then how much it has read. */
let read = 0;
const run = startTasks((workerData as { readonly folder: string }).folder, (bytes) => {
  read += bytes;
  if (read > TOLD_AT_ONCE) tell();
});

/** Bytes. */
const TOLD_AT_ONCE = 4 * 2 ** 20;

function tell(): void {
  send({ read });
  read = 0;
}

function send(message: Message): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (task: Task) => {
  run(task).then(
    (result) => {
      tell();
      send({ id: 0, result });
    },
    (error: unknown) => send(failure(0, error)),
  );
});
