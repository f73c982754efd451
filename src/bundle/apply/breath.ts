/** Lets the event loop turn now and then in work that blocks, so that a signal is handled soon. */
export function breather(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < BETWEEN) return;
    await new Promise((resolve) => setImmediate(resolve));
    last = performance.now();
  };
}

/** Milliseconds. */
const BETWEEN = 50;
