import { closest, distance } from 'fastest-levenshtein';

/** The end of a message about an unknown word: the closest known word, or all known words. */
export function nearMatch(word: string | undefined, known: readonly string[]): string {
  if (word === undefined || known.length === 0) return '';
  return didYouMean(word, known) || ` (known: ${known.join(', ')})`;
}

/** All known words, and which of them an unknown word is near to. */
export function listKnown(word: string | undefined, known: readonly string[]): string {
  return `${known.join(', ')}${word === undefined || known.length === 0 ? '' : didYouMean(word, known)}`;
}

function didYouMean(word: string, known: readonly string[]): string {
  const near = closest(word, known);
  const isNear = distance(word.toLowerCase(), near.toLowerCase()) <= Math.max(1, Math.floor(near.length / 3));
  return isNear ? ` (did you mean "${near}"?)` : '';
}
