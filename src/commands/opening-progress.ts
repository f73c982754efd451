import type { Progress } from '../report.ts';

/** The options by which layers are opened, and manifests read to choose a subset. */
export interface OpeningProgress {
  onBytes(done: number, total: number): void;
  onFetch(url: string): void;
  onWait(holder: string): void;
  onRead(done: number, total: number): void;
}

/** How a verb shows that layers are fetched and read, and whom it waits for. */
export function openingProgress(progress: Progress): OpeningProgress {
  return {
    onBytes: (done, total) => progress.step('mirror', done, total),
    onFetch: (url) => progress.note(`Fetching ${url}`),
    onWait: (holder) => progress.note(`Waiting for another process to fetch the same: ${holder}`),
    onRead: (done, total) => progress.step('choosing', done, total),
  };
}
