import { Worker } from 'node:worker_threads';

/** What the thread is told. */
export interface Heartbeat {
  readonly file: string;
  /** Milliseconds between two signs of life. */
  readonly every: number;
}

/** Changes the time of a file again and again, by a thread, since the main thread may be busy for long. Gives a function that ends it. */
export function startHeartbeat(heartbeat: Heartbeat): () => void {
  const worker = new Worker(THREAD, { workerData: heartbeat, resourceLimits: { maxYoungGenerationSizeMb: 1 } });
  worker.unref();
  return () => void worker.terminate();
}

/** Node 20 runs no TypeScript, so that under a test runner the compiled thread is taken. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? '../../../lib/tree/commit/heartbeat-thread.js' : './heartbeat-thread.js',
  import.meta.url,
);
