import { Worker } from 'node:worker_threads';

/** What the thread is told. */
interface Heartbeat {
  readonly file: string;
  /** Milliseconds between two signs of life. */
  readonly every: number;
}

/** Changes the time of a file again and again, by a thread, since the main thread may be busy for long. Gives a function that ends it. */
export function startHeartbeat(heartbeat: Heartbeat): () => void {
  const worker = new Worker(BEAT, {
    eval: true,
    workerData: heartbeat,
    resourceLimits: { maxYoungGenerationSizeMb: 1 },
  });
  worker.unref();
  return () => void worker.terminate();
}

/** A text and no file, so that a program in one file has it too. Where the file is gone, its owner finds out for itself. */
const BEAT = `
  const { utimesSync } = require('node:fs');
  const { file, every } = require('node:worker_threads').workerData;
  const beat = () => { try { utimesSync(file, new Date(), new Date()); } catch {} };
  beat();
  setInterval(beat, every);
`;
