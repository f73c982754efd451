import { expect, test } from 'vitest';
import { asByteString } from '../../src/tree/byte-string.ts';
import { toByteString } from '../../src/tree/text.ts';
import { parseQueryString, percentDecode } from '../../src/core/query-string.ts';
import { recordedRows } from '../support/recorded.ts';

interface QueryRow {
  readonly query: string;
  readonly parsed: Readonly<Record<string, readonly string[]>>;
}

const toBase64 = (bytes: string) => Buffer.from(bytes, 'latin1').toString('base64');

/** What a query parses to, in the form of a recorded row. */
function parsedAsRecorded(query: string): string {
  return sortedByKey(
    Object.entries(parseQueryString(toByteString(query))).map(([key, values]) => [toBase64(key), values.map(toBase64)]),
  );
}

function sortedByKey(entries: Array<[string, readonly string[]]>): string {
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

test('every recorded query parses as the registry parsed it', () => {
  const rows = recordedRows<QueryRow>('rules/queries');
  expect(rows).toHaveLength(2000);
  const mismatches = rows
    .map(({ query, parsed }) => ({
      query,
      expected: sortedByKey(Object.entries(parsed)),
      actual: parsedAsRecorded(query),
    }))
    .filter(({ expected, actual }) => expected !== actual);
  expect(mismatches).toEqual([]);
});

test.each([
  ['', {}],
  ['&&', {}],
  ['=', { '': [''] }],
  ['a', { a: [''] }],
  ['a==b=', { a: ['=b='] }],
  ['a=1&b=2&a=3', { a: ['1', '3'], b: ['2'] }],
  ['a=1;b=2&c=3', { c: ['3'] }],
  ['a=%3B', { a: [';'] }],
  ['a=%zz&b=%4&c=%&d=%4g&e=1', { e: ['1'] }],
  ['%=1&a%2=1&b=1', { b: ['1'] }],
  ['a+b=c+d%2Be', { 'a b': ['c d+e'] }],
  ['%C3%a9=\xC3\xA9%ff%00', { '\xC3\xA9': ['\xC3\xA9\xFF\0'] }],
  ['a=?b=/#', { a: ['?b=/#'] }],
])('%j parses to %j', (query, expected) => {
  expect({ ...parseQueryString(asByteString(query)) }).toEqual(expected);
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'watch'])(
  'the name %s is like any other',
  (name) => {
    expect(parseQueryString(asByteString(''))[name]).toBeUndefined();
    expect(parseQueryString(asByteString(`${name}=1&${name}=2`))[name]).toEqual(['1', '2']);
  },
);

test('percentDecode leaves a plus alone and refuses a broken escape', () => {
  expect(percentDecode(asByteString('a+%2b%2B%41%ff'))).toBe('a+++A\xFF');
  expect(['%', '%4', 'a%4', '%g0', '%0g', '%%41', '%+1', '% 1', '%\xC31'].map(asByteString).map(percentDecode)).toEqual(
    Array.from({ length: 9 }, () => undefined),
  );
});
