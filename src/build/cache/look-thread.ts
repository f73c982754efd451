import { parentPort, workerData } from 'node:worker_threads';
import { failure } from '../../thread-answers.ts';
import type { ThreadAnswer } from '../../thread-answers.ts';
import { lookBy } from './glances.ts';
import type { LookTask } from './glances.ts';

/** A thread that looks at a site once, and ends. */
const { look, kind } = workerData as LookTask;

lookBy(look, kind).then(
  (result) => answer({ id: 0, result }),
  (error: unknown) => answer(failure(0, error)),
);

function answer(message: ThreadAnswer<readonly string[] | undefined>): void {
  parentPort?.postMessage(message);
}
