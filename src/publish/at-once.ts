/**
 * Works on what a generator gives, on so many at once, and returns what the generator returns. It takes the next one when there is room. After
 * an error it takes no more, waits for those that are under way, and throws the first.
 */
export async function atOnce<T, Result>(
  items: AsyncGenerator<T, Result>,
  count: number,
  work: (item: T) => Promise<void>,
): Promise<Result> {
  const running = new Set<Promise<void>>();
  const errors: unknown[] = [];
  const start = (item: T): void => {
    const one = work(item)
      .catch((error: unknown) => void errors.push(error))
      .finally(() => running.delete(one));
    running.add(one);
  };
  try {
    for (;;) {
      const { value, done } = await items.next();
      if (errors.length > 0) break;
      if (done === true) {
        await Promise.all(running);
        if (errors.length > 0) break;
        return value;
      }
      start(value);
      if (running.size >= count) await Promise.race(running);
    }
  } catch (error) {
    errors.push(error);
  }
  await Promise.all(running);
  throw errors[0];
}
