import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { goFloat, toAny, toList, toMap, toText } from '../../src/package/yaml/values.ts';
import { parseManifest, parseYaml, YamlError } from '../../src/package/yaml/yaml.ts';

/** A name of a field that a dotted key leaves alone. */
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_ -]{0,6}$/);
/** Without U+2028 and U+2029: YAML 1.1 takes them as line breaks, which a key can't hold and around which spaces vanish. */
const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((value) => !/[\x7f-\x9f\u2028\u2029\ufffe\uffff]/.test(value));

const { plain, tree } = fc.letrec<{ plain: unknown; tree: unknown }>((tie) => ({
  scalar: fc.oneof(fc.constantFrom(null, true, false), fc.integer(), text),
  plain: fc.oneof(
    { maxDepth: 4 },
    tie('scalar'),
    fc.array(tie('plain'), { maxLength: 4 }),
    fc.dictionary(text, tie('plain'), { maxKeys: 4, noNullPrototype: true }),
  ),
  tree: fc.oneof({ maxDepth: 4 }, tie('scalar'), fc.dictionary(name, tie('tree'), { minKeys: 1, maxKeys: 4 })),
}));
const fields = fc.dictionary(name, tree, { maxKeys: 5 });

/** As JSON, to compare values and objects whatever their prototype. */
function json(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === 'bigint') return Number(member);
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function flatten(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path === '' ? key : `${path}.${key}`));
}

function yaml(entries: readonly (readonly [string, unknown])[]): Buffer {
  return Buffer.from(entries.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}\n`).join(''));
}

describe('YAML', () => {
  it('reads JSON as JSON, in any layout inside the brackets', () => {
    fc.assert(
      fc.property(plain, fc.constantFrom('', ' ', '\t', '   '), (value, indent) => {
        const lines = JSON.stringify(value, null, 2).replace(/^ +/gm, indent);
        expect(json(parseYaml(Buffer.from(JSON.stringify(value))))).toBe(json(value));
        expect(json(parseYaml(Buffer.from(`v: ${lines}\n`)))).toBe(json({ v: value }));
      }),
    );
  });

  it('fails with a YamlError only, whatever the bytes', () => {
    const parts = [
      'a',
      'b:',
      ': ',
      '- ',
      '? ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '\n',
      '\n  ',
      '\t',
      '&x ',
      '*x',
      '!!int ',
      '|\n',
      '>',
      '#',
      '---\n',
      '<<: ',
      '.',
      '1',
      '\\u',
      '%',
    ];
    const soup = fc.array(fc.constantFrom(...parts), { maxLength: 30 }).map((list) => Buffer.from(list.join('')));
    fc.assert(
      fc.property(fc.oneof(soup, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        for (const read of [parseYaml, parseManifest]) {
          try {
            for (const use of [toText, toList, toMap, toAny]) use(read(bytes));
          } catch (error) {
            expect(error).toBeInstanceOf(YamlError);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps every integer of 64 bits', () => {
    const integers = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(integers, (value) => {
        expect(parseYaml(Buffer.from(String(value)))).toBe(value);
        if (value >= 0n) expect(parseYaml(Buffer.from(`0x${value.toString(16)}`))).toBe(value);
        expect(toText(value)).toBe(String(value));
      }),
    );
  });
});

describe('dotted keys', () => {
  it('mean the nested object', () => {
    fc.assert(
      fc.property(fields, (value) => {
        expect(json(parseManifest(yaml(flatten(value, ''))))).toBe(json(value));
      }),
    );
  });

  it('mean the same in any order, with the rest nested', () => {
    fc.assert(
      fc.property(fields, fc.func(fc.nat()), (value, random) => {
        const entries = Object.entries(value).flatMap(([key, inner]) =>
          random(key) % 2 === 0 ? [[key, inner] as const] : flatten(inner, key),
        );
        const shuffled = entries.toSorted(([a], [b]) => random(a) - random(b));
        expect(json(parseManifest(yaml(shuffled)))).toBe(json(value));
      }),
    );
  });

  it('are gone once split', () => {
    fc.assert(
      fc.property(fields, (value) => {
        const once = parseManifest(yaml(flatten(value, '')));
        expect(json(parseManifest(yaml(Object.entries(JSON.parse(json(once)) as object))))).toBe(json(once));
      }),
    );
  });
});

describe('conversions', () => {
  it('print floats that read back', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (float) => {
        expect(Number(goFloat(float))).toBe(float);
        // Without its fraction, -0 is the integer 0.
        if (float !== 0) expect(parseYaml(Buffer.from(`!!float ${goFloat(float)}`))).toBe(float);
      }),
    );
  });
});
