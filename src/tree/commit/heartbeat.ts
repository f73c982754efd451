import { utimesSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** What the thread is told. */
interface Heartbeat {
  readonly file: string;
  /** Milliseconds between two signs of life. */
  readonly every: number;
}

/**
 * Changes the time of a file again and again, by a thread, since the main thread may be busy for long; by the main thread where the
 * system gives no other. Gives a function that ends it.
 */
export function startHeartbeat({ file, every }: Heartbeat): () => void {
  let timer: NodeJS.Timeout | undefined;
  const worker = new Worker(BEAT, {
    eval: true,
    workerData: { file, every } satisfies Heartbeat,
    resourceLimits: { maxYoungGenerationSizeMb: 1 },
  });
  worker.on('error', () => {
    timer = setInterval(() => beat(file), every).unref();
  });
  worker.unref();
  return () => {
    clearInterval(timer);
    void worker.terminate();
  };
}

/** Where the file is gone, its owner finds out for itself. */
function beat(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {}
}

/** A text and no file, so that a program in one file has it too. */
const BEAT = `
  const { utimesSync } = require('node:fs');
  const { file, every } = require('node:worker_threads').workerData;
  const beat = () => { try { utimesSync(file, new Date(), new Date()); } catch {} };
  beat();
  setInterval(beat, every);
`;
