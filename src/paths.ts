/**
 * The one order of paths: the order in which a walk over a folder visits them, with the names of each folder sorted by
 * their UTF-8 bytes.
 */

/**
 * Negative if `a` comes before `b`, zero if they are equal, positive if `a` comes after `b`. Paths are compared
 * component by component, by UTF-8 bytes; a folder comes before its contents (docs/contract.md section 9, "walk
 * order").
 */
export const comparePaths = (a: string, b: string): number => {
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
};

/** The paths in walk order, as a new array. */
export const walkOrder = (paths: readonly string[]): string[] => [...paths].sort(comparePaths);

const SLASH = 0x2f;

/**
 * The rank of a UTF-16 code unit at the first difference of two paths. A slash ends a component, so it ranks below
 * every character. UTF-8 bytes sort like code points. Surrogates stand for the highest code points, but as code units
 * they are below U+E000.
 */
const rank = (unit: number): number => {
  if (unit === SLASH) return -1;
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
};
