/** Makes each value once, while its like is asked for: the `most` that were asked for last are kept, without those that are too large. */
export function memoized<T>(
  make: (key: string) => Promise<T>,
  { most, isLarge = () => false }: { readonly most: number; readonly isLarge?: (value: T) => boolean },
): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  const makeOnce = async (key: string): Promise<T> => {
    const value = await make(key);
    if (isLarge(value)) known.delete(key);
    return value;
  };
  return (key) => {
    const found = known.get(key) ?? makeOnce(key);
    known.delete(key);
    known.set(key, found);
    const [oldest] = known.keys();
    if (known.size > most && oldest !== undefined) known.delete(oldest);
    return found;
  };
}
