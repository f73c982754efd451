import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findingCodes, stopCodes } from '../../src/error-codes.ts';

/* The codes of errors: docs/errors.md has each with the same meaning, and the program uses each. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const [findings = '', stops = ''] = readFileSync(join(root, 'docs/errors.md'), 'utf8').split('## Stops');

/** Code -> meaning, of a table whose `column`-th column is the meaning. */
function documented(text: string, column: number): Record<string, string | undefined> {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return Object.fromEntries(
    rows.map((row) => {
      const cells = row.split(' | ');
      return [(cells[0] ?? '').replace(/[| `]/g, ''), cells[column]];
    }),
  );
}

test.each([
  ['findings', findingCodes, findings, 2],
  ['stops', stopCodes, stops, 1],
] as const)('the %s of docs/errors.md are those of the program', (_, codes, text, column) => {
  expect(documented(text, column)).toEqual(codes);
});

test('every code is used', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((file) => file.endsWith('.ts') && file !== 'error-codes.ts')
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
    .join('\n');
  const used = (pattern: RegExp): Set<string | undefined> =>
    new Set([...texts.matchAll(pattern)].map(([, code]) => code));
  const found = used(/(?:code: |finding\(|new Lack\()'([a-z-]+)'/g);
  const thrown = used(/new Stop\(\s*'([a-z-]+)'/g);
  expect(Object.keys(findingCodes).filter((code) => !found.has(code))).toEqual([]);
  expect(Object.keys(stopCodes).filter((code) => !thrown.has(code))).toEqual([]);
});
