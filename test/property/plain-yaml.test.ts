import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifyBreaks } from '../../src/package/yaml/breaks.ts';
import { parsePlain } from '../../src/package/yaml/plain.ts';
import type { Value } from '../../src/package/yaml/yaml.ts';
import { parseFully } from '../../src/package/yaml/yaml.ts';

/** What tells values apart: kinds of numbers, prototypes, the order of keys. */
function shown(value: Value): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === 'bigint') return { integer: String(member) };
    if (typeof member === 'number') return { float: Object.is(member, -0) ? '-0' : String(member) };
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return [Object.getPrototypeOf(member) === null, ...Object.entries(member)];
  });
}

/** Where the plain reader reads a text, it reads what the full parser does, which must then take it. */
function expectAlike(text: string): boolean {
  const source = unifyBreaks(text);
  const plain = source.separators === '' ? parsePlain(source.text) : undefined;
  if (plain === undefined) return false;
  const full = parseFully(source);
  expect(shown(plain), text).toBe(shown(full.value));
  expect(full.oddKeys.size, text).toBe(0);
  return true;
}

/** Apart by ·. Line breaks are indented as the value's place asks for. */
const scalars = [
  'a·a b·a  b·a#b·a: b·a:b·a:·a :b·:a·-a·- a·-·?·? a·--- a·é\u00a0·y·~·<<·=·@a·`a·%a·*a·&a b·!a b',
  '1·0x1f·1_0·1.5·.5·-0·1e3·0b1·010·+1·.inf·2001-01-01·null·a # b·a #·a  # b·# b',
  'a\n   b·a\n\n    b·a\n   # b·a\n    b: c·a\n    - b·a # c\n    b·a\n    b # c\n    d',
  "'a'·''·'a''b'·'a\n  b'·'a\n\n   b c \n  '·'a\n'·'a' b·'a'#b·'a' # b·'a·'a': b·'é '",
  '"a"·""·"a\\n"·"a\\x41"·"\\ud800"·"a\\\n   b"·"a\n\n  b"·"a\nb"·"a\\q"·"a\\/b"·"a" # b·"a": b·"a',
  '[]·[a, b]·[a, b,]·[ a , "b", \'c\' ]·[a b, 1, y]·[a: b]·[[a], {}]·[a,\n  b]·[a,\nb]·[a, # c\n  b]·[a·[,]·[a]: b',
  '{}·{a: b}·{a: 1, "b":2}·{a:b}·{a}·{"a": [1, {b: c}]}·{a: b\n   }·{\n  a: b,\n  c: d\n  }·{y: 1}·{a: b c}·{\'a\' : b}·{a: }',
]
  .flatMap((some) => some.split('·'))
  .map((text) => ` ${text}`);
const blocks = [' |', ' >', ' |-', ' >+', ' |2', ' | # c', ' >- '].flatMap((header) => [
  header,
  `${header}\n     a\n      b\n\n     # c\n   `,
  `${header}\n\n   a\n \n   b\n\n`,
  `${header}\n        \n   a`,
]);

const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(' a', ' b c', " 'd'", ' "e"', ' 1', '', ' # f') },
  { weight: 1, arbitrary: fc.constantFrom(...scalars, ...blocks) },
);
const key = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('a', 'b', 'c d', 'b-c.d', "'q'", '"q r"', '__proto__') },
  { weight: 1, arbitrary: fc.constantFrom('y', '1', '<<', 'a#', 'a ', 'a: b', '?', '&a b', "'q''r'", '"\\n"') },
);

/** A scalar, or a collection with the spaces that it is indented by. */
type Tree = string | { readonly spaces: number; readonly entries: readonly (readonly [key: string, value: Tree])[] };

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.record({
      spaces: fc.constantFrom(2, 2, 2, 4, 1, 0),
      entries: fc.array(fc.tuple(key, tie('tree')), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({
      spaces: fc.constantFrom(2, 2, 0, 1),
      entries: fc.array(fc.tuple(fc.constant('-'), tie('tree')), { minLength: 1, maxLength: 4 }),
    }),
  ),
}));

function written(value: Tree, indent: string): string {
  if (typeof value === 'string') return value.replaceAll('\n', `\n${indent.slice(2)}`);
  const inner = indent + ' '.repeat(value.spaces);
  const lines = value.entries.map(([key, entry]) => {
    const own = key === '-' ? '-' : `${key}:`;
    const isCompact = key === '-' && typeof entry !== 'string' && entry.spaces === 2;
    return own + (isCompact ? ` ${written({ ...entry, spaces: 0 }, `${inner}  `).trimStart()}` : written(entry, inner));
  });
  return `\n${inner}${lines.join(`\n${inner}`)}`;
}

const document = fc
  .tuple(
    fc.constantFrom('', '', '---', '# c', '# c\n--- # d', '%YAML 1.1\n---'),
    tree,
    fc.constantFrom('\n', '\n', '', '\n\n', '\n# c', ' \n'),
  )
  .map(([start, value, end]) => {
    const text = typeof value === 'string' ? value.trimStart() : written({ ...value, spaces: 0 }, '');
    return start + text + end;
  });

/** Documents that are plain mostly, with one place changed. */
const changed = fc
  .tuple(
    fc.jsonValue({ maxDepth: 3 }),
    fc.nat(),
    fc.constantFrom(
      '',
      ' ',
      '\n',
      '- ',
      ': ',
      '#',
      "'",
      '"',
      '[',
      ']',
      '{',
      '}',
      ',',
      '|',
      '>',
      '\\',
      'a',
      '\t',
      '\r',
      '\ufeff',
    ),
    fc.constantFrom(0, 0, 1, 2),
  )
  .map(([value, place, text, removed]) => {
    const written = `v: ${JSON.stringify(value, null, 2).replace(/^(?=[ \]}])/gm, '  ')}\nw:\n  - x: 'y'\n    z: |\n      text\n    u: words\n      go on # c\n`;
    const at = place % written.length;
    return written.slice(0, at) + text + written.slice(at + removed);
  });

describe('plain YAML', () => {
  it('is read as the full parser reads it', () => {
    let read = 0;
    fc.assert(
      fc.property(document, (text) => void (read += Number(expectAlike(text)))),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(500);
  });

  it('is read as the full parser reads it, wherever a text is changed', () => {
    let read = 0;
    fc.assert(
      fc.property(changed, (text) => void (read += Number(expectAlike(text)))),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(500);
  });

  it('is read as the full parser reads it, for all recorded texts', () => {
    const recorded = gunzipSync(readFileSync('test/recorded/rules/yaml.ndjson.gz'))
      .toString('utf8')
      .trimEnd()
      .split('\n');
    const texts = recorded.map((one) => (JSON.parse(one) as { yaml: string }).yaml);
    expect(texts.filter(expectAlike).length).toBeGreaterThan(0);
  });
});
