/** Runs tasks, some at a time, in the order of the calls. */
export type WeightedLimit = <T>(weight: number, task: () => Promise<T>) => Promise<T>;

/** At most `most` tasks run at a time, with at most `weight` together; one that is heavier runs alone. */
export function weightedLimit({ most, weight }: { readonly most: number; readonly weight: number }): WeightedLimit {
  const waiting: { readonly weight: number; start(): void }[] = [];
  let [running, load] = [0, 0];
  const startNext = (): void => {
    for (let [next] = waiting; next && fits(next.weight); [next] = waiting) {
      waiting.shift();
      running++;
      load += next.weight;
      next.start();
    }
  };
  const fits = (more: number): boolean => running === 0 || (running < most && load + more <= weight);
  return async (own, task) => {
    await new Promise<void>((start) => {
      waiting.push({ weight: own, start });
      startNext();
    });
    try {
      return await task();
    } finally {
      running--;
      load -= own;
      startNext();
    }
  };
}
