import { closest, distance } from 'fastest-levenshtein';

/** Names in a message: the first ones, and how many more there are. A storage can hold thousands, and long ones. */
export function enumerated(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => (name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name));
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return shown.join(', ') + more;
}

const MOST_NAMES = 10;
/** Characters of a name: as many as that of a revision with a long version may well have. */
const LONGEST = 100;

/** The end of a message about an unknown word: the closest known word, or known words. */
export function nearMatch(word: string | undefined, known: readonly string[]): string {
  if (word === undefined || known.length === 0) return '';
  return didYouMean(word, known) || ` (known: ${enumerated(known)})`;
}

/** The same as a hint of its own; undefined where nothing is known. */
export function nearHint(word: string, known: readonly string[]): string | undefined {
  return known.length === 0 ? undefined : nearMatch(word, known).slice(' ('.length, -')'.length);
}

/** Known words, and which of them an unknown word is near to. */
export function listKnown(word: string | undefined, known: readonly string[]): string {
  return `${enumerated(known)}${word === undefined || known.length === 0 ? '' : didYouMean(word, known)}`;
}

function didYouMean(word: string, known: readonly string[]): string {
  const near = closest(word, known);
  const isNear = distance(word.toLowerCase(), near.toLowerCase()) <= Math.max(1, Math.floor(near.length / 3));
  return isNear ? ` (did you mean "${enumerated([near])}"?)` : '';
}
