import { expect, test } from 'vitest';
import { cleanPath, escapePath, readPath, splitTarget } from '../../src/core/path.ts';
import { asByteString } from '../../src/tree/byte-string.ts';
import { toByteString } from '../../src/tree/text.ts';
import { percentDecode } from '../../src/core/query-string.ts';
import { recordedRows } from '../support/recorded.ts';

interface PathRow {
  readonly target: string;
  readonly path: string;
  readonly clean: string;
  readonly location?: string;
}

function expectedOf({ path, clean, location }: PathRow) {
  const target = location === undefined ? { kind: 'path', path: toByteString(path) } : { kind: 'redirect', location };
  return { path: toByteString(path), clean: toByteString(clean), target };
}

function actualOf({ target }: PathRow) {
  const raw = toByteString(target);
  const path = percentDecode(raw) ?? asByteString('does not decode');
  return { path, clean: cleanPath(path), target: readPath(raw) };
}

test('every recorded target is decoded, cleaned and redirected as the registry did', () => {
  const rows = recordedRows<PathRow>('rules/paths');
  expect(rows).toHaveLength(2000);
  const mismatches = rows
    .map((row) => ({ row, expected: expectedOf(row), actual: actualOf(row) }))
    .filter(({ expected, actual }) => JSON.stringify(expected) !== JSON.stringify(actual));
  expect(mismatches).toEqual([]);
});

test.each(['/%', '/%4', '/%zz', '/a%2', '/%2g', '//%', '/../%4'])('%s is bad', (target) => {
  expect(readPath(asByteString(target))).toEqual({ kind: 'bad' });
});

test.each([
  ['/', '/'],
  ['/search', '/search'],
  ['/%73earch/', '/search/'],
  ['/docs%2FREADME.md', '/docs/README.md'],
  ['/a+b%2B', '/a+b+'],
  ['/...', '/...'],
  ['/.a/..b/c.', '/.a/..b/c.'],
  ['/%252e%252e/a', '/%2e%2e/a'],
  ['/%00%fF\xE9', '/\0\xFF\xE9'],
  ['/a\\..\\b', '/a\\..\\b'],
])('%s is the path %j', (target, path) => {
  expect(readPath(asByteString(target))).toEqual({ kind: 'path', path });
});

test.each([
  ['', '/'],
  ['//', '/'],
  ['/./', '/'],
  ['/..', '/'],
  ['a/b', '/a/b'],
  ['a//b', '/a/b'],
  ['//a//b//', '/a/b/'],
  ['/a/b/..', '/a'],
  ['/a/b/../', '/a/'],
  ['/a/.', '/a'],
  ['/a/%2e/', '/a/'],
  ['/a%2F%2E%2E%2Fb', '/b'],
  ['/../../package/%2e./x', '/x'],
  ['//a%20b/%3F%23/\xE9%7e', '/a%20b/%3F%23/%E9~'],
])('%s is redirected to %s', (target, location) => {
  expect(readPath(asByteString(target))).toEqual({ kind: 'redirect', location });
});

test('escapePath keeps exactly the bytes that the contract lists', () => {
  const kept = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).filter(
    (char) => escapePath(asByteString(char)) === char,
  );
  expect(kept.join('')).toBe('$&+,-./0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~');
  expect(escapePath(toByteString('\0\n %é'))).toBe('%00%0A%20%25%C3%A9');
});

test.each([
  ['/search?a=b?c', '/search', 'a=b?c'],
  ['/search?', '/search', ''],
  ['/a://b/c', '/a://b/c', undefined],
  ['?a', '/', 'a'],
  ['http://host:80/search?a=http://b/c', '/search', 'a=http://b/c'],
  ['HTTPS://[::1]/a//b', '/a//b', undefined],
  ['http://host', '/', undefined],
  ['http://host?a', '/', 'a'],
  ['http:///search', '/search', undefined],
  ['*', '*', undefined],
])('the path and query of %s', (target, path, query) => {
  expect(splitTarget(asByteString(target))).toEqual({ path, query });
});
