import { parentPort, workerData } from 'node:worker_threads';
import { failure } from '../../thread-answers.ts';
import type { ThreadAnswer } from '../../thread-answers.ts';
import { threadTasks } from './tasks.ts';
import { unlessHalted } from './halt.ts';
import type { ThreadData } from './pool.ts';
import type { Tasks } from './tasks.ts';

/** A thread. A message holds several tasks; the answer holds their results or errors. */
const { brake, number, ...pack } = workerData as ThreadData;
const tasks = threadTasks(pack);

interface Task {
  readonly id: number;
  readonly kind: keyof Tasks;
  readonly task: never;
}

parentPort?.on('message', (sent: readonly Task[]) => parentPort?.postMessage(sent.map(carryOut)));

function carryOut({ id, kind, task }: Task): ThreadAnswer<unknown> {
  try {
    return { id, result: unlessHalted(brake, number, () => tasks[kind](task)) };
  } catch (error) {
    return failure(id, error);
  }
}
