export interface Interning<T> {
  /** Each different value once. */
  readonly all: T[];
  /** The position of a value in `all`. */
  add(value: T): number;
}

/** Gives equal values the same position. */
export function interning<T>(): Interning<T> {
  const positions = new Map<string, number>();
  const all: T[] = [];
  return {
    all,
    add: (value) => {
      const key = JSON.stringify(value);
      const found = positions.get(key) ?? all.push(value) - 1;
      positions.set(key, found);
      return found;
    },
  };
}
