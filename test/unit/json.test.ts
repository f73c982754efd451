import { expect, test } from 'vitest';
import type { Json } from '../../src/tree/json.ts';
import { braces, document, members, render } from '../../src/tree/json.ts';

test.each<[string, Json]>([
  ['null', null],
  ['true', true],
  ['18446744073709551615', 18446744073709551615n],
  ['0', 0],
  ['-0', -0],
  ['1.5', 1.5],
  ['""', ''],
  ['"a\\"\\\\/\\b\\f\\n\\r\\t\\u0000\x7F"', 'a"\\/\b\f\n\r\t\0\x7F'],
  ['"<&>é😀"', '<&>é😀'],
  ['"\\u2028\\u2029"', '\u2028\u2029'],
  ['[]', []],
  ['{}', {}],
  ['{}', new Map()],
])('%s is written', (text, value) => {
  expect(render(value, '')).toBe(text);
});

test('a document is indented by two spaces and ends with a newline', () => {
  expect(document({ a: [1, [2]], b: { c: 'd' } })).toBe(
    '{\n  "a": [\n    1,\n    [\n      2\n    ]\n  ],\n  "b": {\n    "c": "d"\n  }\n}\n',
  );
});

test('a map keeps the order of its keys, also of those that are numbers', () => {
  const map = new Map([
    ['10', 1],
    ['9', 2],
    ['__proto__', 3],
  ]);
  expect(document(map)).toBe('{\n  "10": 1,\n  "9": 2,\n  "__proto__": 3\n}\n');
});

test('members stand at their indent', () => {
  expect(members({ a: 1, b: [2] }, '    ')).toBe('    "a": 1,\n    "b": [\n      2\n    ]');
  expect(members({}, '  ')).toBe('');
});

test('braces join rendered members and pass over empty ones', () => {
  expect(braces(['  "a": 1', '', '  "b": 2'], '')).toBe('{\n  "a": 1,\n  "b": 2\n}');
  expect(braces(['', ''], '  ')).toBe('{}');
  expect(braces('    "a": 1', '  ')).toBe('{\n    "a": 1\n  }');
});

test('without 64-bit integers, a document reads back as its value', () => {
  const value = { text: 'a\u2028b', list: [1, -2.5, null, false, { deep: [[]] }], empty: {} };
  expect(JSON.parse(document(value))).toEqual(value);
  expect(document(value)).toBe(`${JSON.stringify(value, null, 2).replace('\u2028', '\\u2028')}\n`);
});
