import { getHeapStatistics } from 'node:v8';

/**
 * Does some work with a small heap: garbage is collected as soon as there may be `SLACK` bytes of it. V8 itself reckons with all memory of
 * the machine, and lets the heap grow to four times what is alive. Gives what the work gives.
 */
export async function withLeanHeap<T>(work: () => Promise<T>): Promise<T> {
  let alive = usedHeap();
  let isCollecting = false;
  const look = async (): Promise<void> => {
    if (isCollecting || usedHeap() < alive + SLACK) return;
    isCollecting = true;
    await collectGarbage();
    alive = usedHeap();
    isCollecting = false;
  };
  const watch = setInterval(() => void look(), INTERVAL);
  try {
    return await work();
  } finally {
    clearInterval(watch);
  }
}

/** Bytes. A cold build of 2,321 package versions has a peak of 290 MB in place of 380 to 440 MB. A collection takes about 0.1 s. */
const SLACK = 32 * 2 ** 20;
/** Milliseconds. */
const INTERVAL = 50;

function usedHeap(): number {
  return getHeapStatistics().used_heap_size;
}

/** The inspector is the one way that needs no flag of the process. Where Node has none, garbage is collected when V8 likes. */
async function collectGarbage(): Promise<void> {
  const inspector = await import('node:inspector').catch(() => undefined);
  if (!inspector) return;
  const session = new inspector.Session();
  session.connect();
  await new Promise((resolve) => session.post('HeapProfiler.collectGarbage', resolve));
  session.disconnect();
}
