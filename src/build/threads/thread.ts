import { parentPort, workerData } from 'node:worker_threads';
import { systemFields } from '../../system-errors.ts';
import { startWork } from './tasks.ts';
import { unlessHalted } from './halt.ts';
import type { ThreadData } from './pool.ts';
import type { Work } from './tasks.ts';

/** A worker thread. A message holds several tasks; the answer holds their results or errors. */
const { brake, number, ...pack } = workerData as ThreadData;
const work = startWork(pack);

interface Task {
  readonly id: number;
  readonly kind: keyof Work;
  readonly task: never;
}

parentPort?.on('message', (tasks: readonly Task[]) => parentPort?.postMessage(tasks.map(carryOut)));

function carryOut({ id, kind, task }: Task): { id: number; result?: unknown; error?: unknown; fields?: object } {
  try {
    return { id, result: unlessHalted(brake, number, () => work[kind](task)) };
  } catch (error) {
    return { id, error, fields: systemFields(error) };
  }
}
