import { utimesSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { Heartbeat } from './heartbeat.ts';

/** The thread of `heartbeat.ts`. */
const { file, every } = workerData as Heartbeat;

function beat(): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // The file is gone: its owner finds out for itself.
  }
}

beat();
setInterval(beat, every);
