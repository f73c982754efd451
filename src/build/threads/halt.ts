/*
 * Stops threads between two of their tasks, and for good, without a return to the event loop: at the end of a build and of a process,
 * nothing may write any more into the folders that are cleared away.
 */

/** A cell that says whether all must stop, and a cell for each thread that says whether a task is under way. */
export type Brake = Int32Array<SharedArrayBuffer>;

const STOP = 0;

/** A brake for so many threads. Their numbers begin at 0. */
export function makeBrake(threads: number): Brake {
  return new Int32Array(new SharedArrayBuffer((threads + 1) * Int32Array.BYTES_PER_ELEMENT));
}

/** Stops the threads; no task is under way any more when this returns, unless it takes very long or has crashed. */
export function halt(brake: Brake): void {
  Atomics.store(brake, STOP, 1);
  const end = performance.now() + LONGEST_TASK;
  for (let cell = 1; cell < brake.length; cell++) Atomics.wait(brake, cell, 1, Math.max(end - performance.now(), 0));
}

/** Milliseconds, for all threads together. */
const LONGEST_TASK = 500;

/** Carries out a task in a thread, unless all must stop: then it never returns. */
export function unlessHalted<T>(brake: Brake, thread: number, task: () => T): T {
  Atomics.store(brake, thread + 1, 1);
  try {
    if (Atomics.load(brake, STOP) === 0) return task();
  } finally {
    Atomics.store(brake, thread + 1, 0);
    Atomics.notify(brake, thread + 1);
  }
  Atomics.wait(brake, STOP, 1);
  throw new Error('the process has ended');
}
