/** The one order of paths: what a walk over a folder visits, each folder's names sorted by their UTF-8 bytes. */

/**
 * Negative, zero or positive as `a` comes before, is, or comes after `b`: slash-separated paths compared component by component,
 * components as UTF-8 bytes, a folder before what is in it (docs/contract.md section 9, "walk order").
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
 * The place of a UTF-16 code unit among others at the first difference of two paths. A slash ends a component, so it is below every
 * character. Bytes of UTF-8 sort as code points do; surrogates stand for code points above all others but as units lie below U+E000.
 */
const rank = (unit: number): number => {
  if (unit === SLASH) return -1;
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
};

/** Negative, zero or positive as `a` comes before, is, or comes after `b` in the order of their UTF-8 bytes. */
export const compareText = (a: string, b: string): number => {
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
};

const codePointRank = (unit: number): number => (unit === SLASH ? SLASH : rank(unit));
