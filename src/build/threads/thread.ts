import { parentPort, workerData } from 'node:worker_threads';
import { systemFields } from '../../system-errors.ts';
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

function carryOut({ id, kind, task }: Task): { id: number; result?: unknown; error?: unknown; fields?: object } {
  try {
    return { id, result: unlessHalted(brake, number, () => tasks[kind](task)) };
  } catch (error) {
    return { id, error, fields: systemFields(error) };
  }
}
