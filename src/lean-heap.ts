import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { PerformanceEntry } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/**
 * Does some work with a small heap: beyond `SMALL` bytes, V8 begins to collect garbage as soon as there may be `SLACK` bytes of it. By itself
 * it reckons with all memory of the machine, and lets the heap grow to four times what is alive. Gives what the work gives.
 */
export async function withLeanHeap<T>(work: () => Promise<T>): Promise<T> {
  let alive = usedHeap();
  const collections = new PerformanceObserver((list) => {
    if (list.getEntries().some(isOfWholeHeap)) alive = usedHeap();
  });
  collections.observe({ entryTypes: ['gc'] });
  const watch = setInterval(() => {
    if (usedHeap() >= Math.max(SMALL, alive + SLACK)) askForCollection();
  }, INTERVAL);
  try {
    return await work();
  } finally {
    clearInterval(watch);
    collections.disconnect();
  }
}

/** Bytes. A heap up to this size costs less than to collect its garbage. */
const SMALL = 80 * 2 ** 20;
/** Bytes. */
const SLACK = 24 * 2 ** 20;
/** Milliseconds. */
const INTERVAL = 50;

/** With the buffers outside of the heap that objects of it hold. */
function usedHeap(): number {
  const { used_heap_size: objects, external_memory: buffers } = getHeapStatistics();
  return objects + buffers;
}

/** Whether an entry about garbage is of a collection in the whole heap. */
function isOfWholeHeap(entry: PerformanceEntry & { readonly detail?: { readonly kind?: number } }): boolean {
  return entry.detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

/**
 * V8 collects, in small steps, once more than 64 MB of buffers have come since the last time. This one is garbage at once, and as nothing
 * is written to it, takes no memory. The inspector could collect, too, but throws compiled code away: that takes 3 to 4 of the
 * 32 s of CPU time of a cold build.
 */
function askForCollection(): void {
  try {
    Buffer.alloc(MUCH);
  } catch {} // the system has no room: then V8 has collected already
}

/** Bytes. */
const MUCH = 65 * 2 ** 20;
