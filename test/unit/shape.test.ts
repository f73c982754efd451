import { describe, expect, test } from 'vitest';
import {
  any,
  bool,
  boolAlways,
  boolGiven,
  list,
  made,
  map,
  object,
  objectFilled,
  oneOf,
  readObject,
  text,
  textAlways,
  textOr,
  textRequired,
  texts,
} from '../../src/package/shapes/shape.ts';
import type { Context, Member, Shape } from '../../src/package/shapes/shape.ts';
import { fileTree } from '../../src/package/file-tree.ts';
import { parseYaml } from '../../src/package/yaml/yaml.ts';

/** The value of an object with the shape, written as YAML, and what is wrong with it. */
function read(shape: Shape, yaml: string) {
  const faults: string[] = [];
  const fail: Context['fail'] = (place, text) => faults.push(`${place} ${text}`);
  const tree = fileTree({ files: [], folders: [], zip: undefined });
  const context = { base: '/package/a/1.0.0', tree, ingestionMethods: {}, isInputPackage: false, fail };
  return { value: readObject(parseYaml(Buffer.from(yaml)), '', context, shape), faults };
}

const valueOf = (member: Member, yaml: string) => read({ v: member }, yaml).value?.['v'];
const faultsOf = (member: Member, yaml: string) => read({ v: member }, yaml).faults;

describe('an absent member', () => {
  test.each([
    ['text', text, undefined],
    ['textAlways', textAlways, ''],
    ['text with a default', textOr('d'), 'd'],
    ['bool', bool, undefined],
    ['boolAlways', boolAlways, false],
    ['boolGiven with a default', { ...boolGiven, otherwise: true }, true],
    ['texts', texts, undefined],
    ['any', any, undefined],
    ['map', map, undefined],
    ['objectFilled', objectFilled({ a: text }), undefined],
    ['list', list({ a: text }), undefined],
  ] as const)('%s', (_, member, expected) => {
    expect(valueOf(member, 'other: 1')).toEqual(expected);
    expect(valueOf(member, 'v: null')).toEqual(expected);
    expect(faultsOf(member, 'v: ')).toEqual([]);
  });
});

describe('an empty member', () => {
  test.each([
    ['text', text, "''", undefined],
    ['textAlways', textAlways, "''", ''],
    ['text with a default', textOr('d'), "''", 'd'],
    ['bool', bool, 'false', undefined],
    ['boolAlways', boolAlways, 'false', false],
    ['boolGiven', { ...boolGiven, otherwise: true }, 'false', false],
    ['texts', texts, '[]', undefined],
    ['any', any, "''", ''],
    ['any', any, '[]', []],
    ['objectFilled', objectFilled({ a: text }), '{}', undefined],
    ['objectFilled', objectFilled({ a: text }), "{ a: '', b: 1 }", undefined],
    ['object', object({ a: text }), "{ a: '', b: 1 }", {}],
    ['object', object({ a: text }), '{}', {}],
    ['list', list({ a: text }), '[]', undefined],
    ['list', list({ a: text }), '[{}]', [{}]],
    ['map', map, '{}', undefined],
  ] as const)('%s: %s', (_, member, yaml, expected) => {
    expect(valueOf(member, `v: ${yaml}`)).toEqual(expected);
  });
});

describe('a value is made what the member wants', () => {
  test.each([
    ['text', text, '1.0', '1'],
    ['text', text, 'yes', 'true'],
    ['bool', bool, 'yes', true],
    ['bool', bool, "'true'", true],
    ['texts', texts, 'one', ['one']],
    ['texts', texts, '[1, yes, ~]', ['1', 'true', '']],
    ['texts', texts, '{ a: b }', undefined],
    ['any', any, '18446744073709551615', 18446744073709551615n],
    ['any', any, '1.5', 1.5],
    ['list', list({ a: text }), '{ a: b }', undefined],
    ['list', list({ a: text, b: bool }), '[{ b: yes, a: 1, c: 2 }]', [{ a: '1', b: true }]],
  ] as const)('%s: %s', (_, member, yaml, expected) => {
    expect(read({ v: member }, `v: ${yaml}`)).toEqual({
      value: expected === undefined ? {} : { v: expected },
      faults: [],
    });
  });

  test('objects without a fixed shape have their keys in byte order, at any depth', () => {
    const found = valueOf(any, 'v: { b: 1, a: { "10": 1, "9": 2 }, "-": [{ d: 1, c: 2 }] }');
    expect([...(found as ReadonlyMap<string, unknown>).keys()]).toEqual(['-', 'a', 'b']);
    expect([...((found as ReadonlyMap<string, unknown>).get('a') as ReadonlyMap<string, unknown>).keys()]).toEqual([
      '10',
      '9',
    ]);
  });
});

describe('a finding has its place', () => {
  test.each([
    ['a map for a text', text, '{ a: b }', 'v is not a text'],
    ['a list for a text', text, '[a]', 'v is not a text'],
    ['a number for a boolean', bool, '1', 'v is a number where a boolean is expected'],
    ['a word for a boolean', bool, 'maybe', 'v is not a boolean'],
    ['a list among texts', texts, '[[a]]', 'v is not a list of texts'],
    ['a scalar for a map', map, 'a', 'v is not an object'],
    ['a scalar for an object', object({}), 'a', 'v is not an object'],
    ['an infinity', any, '.inf', 'v holds an infinity or NaN'],
    ['a scalar among objects', list({ a: text }), '[{}, b]', 'v.1 is not an object'],
    [
      'deep inside',
      list({ a: object({ b: bool }) }),
      '[{ a: { b: 7 } }]',
      'v.0.a.b is a number where a boolean is expected',
    ],
    ['an unknown word', oneOf(['a', 'b'], 'is not a or b'), 'c', 'v is not a or b'],
  ] as const)('%s', (_, member, yaml, fault) => {
    expect(faultsOf(member, `v: ${yaml}`)).toEqual([fault]);
  });

  test('the whole is no object', () => {
    expect(read({ v: text }, 'a text')).toEqual({ value: undefined, faults: [' is not an object'] });
  });
});

test.each(['other: 1', 'v: ', "v: ''"])('a required member is missing where %j', (yaml) => {
  expect(faultsOf(textRequired, yaml)).toEqual(['v is missing']);
});

test.each(['v: a', 'v: 0', 'v: no'])('a required member is there where %j', (yaml) => {
  expect(faultsOf(textRequired, yaml)).toEqual([]);
});

test('a required member with a default still has to be written', () => {
  expect(faultsOf({ ...textRequired, otherwise: 'd' }, "v: ''")).toEqual(['v is missing']);
});

test('members are in the order of the shape, made ones from those before them', () => {
  const shape = { b: text, made: made((written, { b }) => `${String(b)} ${String(written['hidden'])}`), a: text };
  const { value } = read(shape, '{ a: 1, hidden: h, b: 2 }');
  expect(JSON.stringify(value)).toBe('{"b":"2","made":"2 h","a":"1"}');
});
