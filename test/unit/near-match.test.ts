import { expect, test } from 'vitest';
import { enumerated, listKnown, nearHint, nearMatch } from '../../src/near-match.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);

test('a message names ten at most, and says how many more there are', () => {
  expect(enumerated([])).toBe('');
  expect(enumerated(names(10))).toBe('n0, n1, n2, n3, n4, n5, n6, n7, n8, n9');
  expect(enumerated(names(5000))).toBe('n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 4990 more');
  expect(enumerated(['a'.repeat(2 ** 20), 'b'])).toBe(`${'a'.repeat(100)}…, b`);
});

test('near matches are found among all names, and are not long either', () => {
  expect(nearMatch('n4321', names(5000))).toBe(' (did you mean "n4321"?)');
  expect(nearMatch('something', names(5000))).toMatch(/^ \(known: n0, .* and 4990 more\)$/);
  expect(listKnown('n432x', names(5000))).toMatch(/ and 4990 more \(did you mean "n432.?"\?\)$/);
  const long = 'a'.repeat(1000);
  expect(nearMatch(`${long}b`, [long])).toBe(` (did you mean "${'a'.repeat(100)}…"?)`);
});

test('a hint of its own has no parentheses around it', () => {
  expect(nearHint('n4321', names(5000))).toBe('did you mean "n4321"?');
  expect(nearHint('something', names(2))).toBe('known: n0, n1');
  expect(nearHint('something', [])).toBeUndefined();
});
