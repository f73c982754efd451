import { parentPort, workerData } from 'node:worker_threads';
import { systemFields } from '../../system-errors.ts';
import { lookBy } from './glances.ts';
import type { Look } from './glances.ts';

/** A thread that looks at a site once, and ends. */
lookBy(workerData as Look).then(
  (touched) => parentPort?.postMessage({ touched }),
  (error: unknown) => parentPort?.postMessage({ error, fields: systemFields(error) }),
);
