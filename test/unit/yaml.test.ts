import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { goFloat, toAny, toBool, toList, toMap, toText, toTexts } from '../../src/package/yaml/values.ts';
import { parseManifest, parseYaml, type Fields, type Value, YamlError } from '../../src/package/yaml/yaml.ts';
import { recordedRows } from '../support/recorded.ts';

interface Row {
  yaml: string;
  as: keyof typeof READ;
  /** Absent where the value is refused. */
  json?: string;
}

/** What Go makes of a field of each type: `undefined` is an error. */
const READ = {
  any: (value: Value) => toAny(value),
  text: (value: Value) => toText(value),
  'optional text': (value: Value) => (value === null ? null : toText(value)),
  bool: (value: Value) => toBool(value),
  list: (value: Value) => (value === null ? null : toTexts(value)),
  map: (value: Value) => (value === null ? null : toMap(value)),
} satisfies Record<string, (value: Value) => Value | undefined>;

describe('recorded values', () => {
  const rows = recordedRows<Row>('rules/yaml');

  it('are all here', () => {
    expect(rows).toHaveLength(5004);
    expect([...new Set(rows.map((row) => row.as))].toSorted()).toEqual(Object.keys(READ).toSorted());
  });

  it('are read as recorded', () => {
    const wrong: unknown[] = [];
    for (const row of rows) {
      const got = readRow(row);
      if (got !== (row.json ?? 'error')) wrong.push({ row, got });
    }
    expect(wrong).toEqual([]);
  });
});

function readRow(row: Row): string {
  try {
    const value = READ[row.as](manifest(row.yaml)['v'] ?? null);
    return value === undefined ? 'error' : json(value);
  } catch (error) {
    if (error instanceof YamlError) return 'error';
    throw error;
  }
}

/** As Go's encoding/json writes it, without HTML escapes. */
function json(value: Value): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') {
    return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  }
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  const fields = value as Fields;
  const keys = Object.keys(fields).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${keys.map((key) => `${json(key)}:${json(fields[key] as Value)}`).join(',')}}`;
}

function manifest(text: string): Fields {
  return parseManifest(Buffer.from(text));
}

/** A table from a text to what it is read as. */
function check(table: Readonly<Record<string, string>>, read: (text: string) => string): void {
  const got = Object.fromEntries(Object.keys(table).map((text) => [text, read(text)]));
  expect(got).toEqual(table);
}

/** JSON, or the message of a YamlError. */
function attempt(text: string): string {
  try {
    return json(parseYaml(Buffer.from(text)));
  } catch (error) {
    if (error instanceof YamlError) return error.message;
    throw error;
  }
}

function attemptManifest(text: string): string {
  try {
    return json(manifest(text));
  } catch (error) {
    if (error instanceof YamlError) return error.message;
    throw error;
  }
}

describe('scalars', () => {
  it('are what yaml.v2 makes of them', () => {
    check(
      {
        NULL: 'null',
        OFF: 'false',
        oN: '"oN"',
        '+18446744073709551615': '18446744073709552000',
        '0xFFFFFFFFFFFFFFFF': '18446744073709551615',
        '0x10000000000000000': '"0x10000000000000000"',
        '-0x8000000000000000': '-9223372036854775808',
        '0b-101': '-5',
        '0O17': '15',
        '-0o17': '-15',
        '00': '0',
        '09.5': '9.5',
        '1_2.5_0': '12.5',
        '.5_0': '0.5',
        '._5': '"._5"',
        '.': '"."',
        '.e5': '".e5"',
        '-.5e+3': '-500',
        '+.INF': 'Infinity',
        '-': '[null]',
        '+': '"+"',
        '1e': '"1e"',
        '1 e3': '"1 e3"',
        '-_1': '-1',
        '12:30': '"12:30"',
      },
      attempt,
    );
  });

  it('fit their tags or are refused', () => {
    check(
      {
        '!!float 1': '1',
        '!!float 18446744073709551615': 'not YAML: cannot read 18446744073709551615 as !!float, line 1',
        '!!int 1.5': 'not YAML: cannot read 1.5 as !!int, line 1',
        '!!int 2020-01-02': 'not YAML: cannot read 2020-01-02 as !!int, line 1',
        '!!bool "yes"': 'true',
        '!!null x': 'not YAML: cannot read x as !!null, line 1',
        '!!null ""': 'null',
        '!!str ~': '"~"',
        '!!str': '""',
        '!!timestamp 2020-1-2': '"2020-1-2"',
        '!!timestamp x': 'not YAML: cannot read x as !!timestamp, line 1',
        '!!binary "aGk="': '"hi"',
        '!!binary aGk': 'not YAML: !!binary is not base64, line 1',
        '!<tag:yaml.org,2002:int> "7"': '7',
        '!!seq 1': '"1"',
        '! "1"': '1',
        '- ! ""\n- !\n- ! # c': '["","",""]',
        '!local 1': '"1"',
        '%TAG !y! tag:yaml.org,2002:\n--- !y!int "7"': '7',
      },
      attempt,
    );
  });
});

describe('documents', () => {
  it('end where the first one ends', () => {
    check(
      {
        '': 'null',
        '# nothing': 'null',
        '---\n---\na: b': 'null',
        'a: b\n---\n]': '{"a":"b"}',
        'a: b\r...\r]': '{"a":"b"}',
        '---\na: b\n...\n%': '{"a":"b"}',
        'a: "b\n---\nc"': 'not YAML: unexpected end of the stream within a double quoted scalar, line 2',
        'a: |\n  b\n--- c': '{"a":"b\\n"}',
        '...\na: b': 'not YAML: an end without a document',
      },
      attempt,
    );
  });

  it('are YAML 1.1 without unknown directives', () => {
    check(
      {
        '%YAML 1.1\n---\na': '"a"',
        '%YAML 1.2\n---\na': 'not YAML 1.1: %YAML 1.2',
        '%OTHER\n---\na': 'not YAML: unknown directive %OTHER',
      },
      attempt,
    );
  });

  it('are UTF-8, or UTF-16 with a mark, without control characters', () => {
    expect(parseYaml(Buffer.from('\uFEFFé', 'utf16le'))).toBe('é');
    expect(parseYaml(Buffer.from('\uFEFFé', 'utf16le').swap16())).toBe('é');
    expect(() => parseYaml(Buffer.from([0x61, 0xff]))).toThrow(new YamlError('not YAML: bytes that are no text'));
    expect(() => parseYaml(Buffer.from([0xed, 0xa0, 0x80]))).toThrow(YamlError);
    expect(() => parseYaml(Buffer.from([0xff, 0xfe, 0x61]))).toThrow(YamlError);
    check(
      {
        '"a\0"': 'not YAML: a control character, line 1',
        'a\n# \x7f': 'not YAML: a control character, line 2',
        '"a\x85b"': '"a b"',
      },
      attempt,
    );
  });
});

describe('layout', () => {
  it('inside quotes and brackets is free', () => {
    check(
      {
        'a: [\n  b,\n]\nc: {\n"d": e\n}': '{"a":["b"],"c":{"d":"e"}}',
        '- a:\n    - "b\nc"\n    - \'d\n\n  e\'': '[{"a":["b c","d\\ne"]}]',
        'a: "b \\\nc"': '{"a":"b c"}',
        'a: [b # c]\n,\nd]#e': '{"a":["b","d"]}',
        'a: [-, b: -, it\'s,\n"]"]': '{"a":["-",{"b":"-"},"it\'s","]"]}',
        'a: [b,\tc,\n\td]': '{"a":["b","c","d"]}',
        'a: |\n  [\n  b\nc: [\nd\n]': '{"a":"[\\nb\\n","c":["d"]}',
        'a: |2\n   b: [\n\nc: [\nd]': '{"a":" b: [\\n","c":["d"]}',
        'a: b\n  [ c\n  # d\ne: [\nf]': '{"a":"b [ c","e":["f"]}',
        '# [\n? a\n: - [\nb]\n"c": [d,\ne]\n&x f: !t [g,\nh]': '{"a":[["b"]],"c":["d","e"],"f":["g","h"]}',
        '---\n- [\n]\n- b': '[[],"b"]',
      },
      attempt,
    );
  });

  it('has no tabs before a token', () => {
    const refused = 'not YAML: a tab starts a token, line ';
    check(
      {
        'a:\tb\t# c': '{"a":"b"}',
        '-\ta': `${refused}1`,
        'a:\n\tb: 1': `${refused}2`,
        'a: "b"\n\t\nc: d': `${refused}2`,
        'a: b\n \tc': '{"a":"b c"}',
        'a: b\n\tc': 'not YAML: a tab in the indentation, line 2',
        'a: |\n  b\n\tc': 'not YAML: a tab in the indentation, line 3',
        'a: |\n  b\n  \tc': '{"a":"b\\n\\tc"}',
        'a: "b\n\tc"': '{"a":"b c"}',
      },
      attempt,
    );
  });

  it('of keys without ? is one line of 1,024 characters, and no less than one', () => {
    const far = 'not YAML: a key that ends in another line, or more than 1,024 characters from its start, line ';
    const missing = 'not YAML: a colon without a key, line ';
    const long = 'k'.repeat(1024);
    check(
      {
        '{a\n b: c}': `${far}1`,
        '{a\n: b}': `${far}1`,
        'v:\n- {"a"\n  : b}': `${far}2`,
        '{"a\n  b": c}': `${far}1`,
        '["a"\n : b]': 'not YAML: missed comma between flow collection entries, line 2',
        '{a\n b, "c"\n}': '{"a b":null,"c":null}',
        '{? a # c\n b\n : c}': 'not YAML: missed comma between flow collection entries, line 2',
        '{? a\n : b, ?\n "c" : d}': '{"a":"b","c":"d"}',
        '? a\n\n# b\n: c\n? |\n  d\n: e': '{"a":"c","d\\n":"e"}',
        [`${long}: a`]: `{"${long}":"a"}`,
        [`${'é🎉'.repeat(512)}: a`]: `{"${'é🎉'.repeat(512)}":"a"}`,
        [`- b: c\n  ${long}k: a`]: `${far}2`,
        [`{${long}k: a}`]: `${far}1`,
        [`{b: c, ${long} : a}`]: `${far}1`,
        [`- "${long}": a`]: `${far}1`,
        [`? ${long}k\n: a`]: `{"${long}k":"a"}`,
        ': a': `${missing}1`,
        'a:\n  b:\n  : c': `${missing}3`,
        '{a: [b], : c}': `${missing}1`,
        '- [a, : b]': `${missing}1`,
        '{? : a}': '{"":"a"}',
        '{a: , ? : b, c}': '{"":"b","a":null,"c":null}',
        '!!str : a': '{"":"a"}',
        '- &a b\n- {*a\n: c}': `${far}2`,
      },
      attempt,
    );
  });

  it('of plain texts in brackets has no ? and no : at its start', () => {
    const mark = 'not YAML: a : or ? in a text without quotes between brackets, line 1';
    check(
      {
        '[a?b]': mark,
        '{a: https://b?c=d}': mark,
        '[:a]': mark,
        '{a :b: c}': '{"a :b":"c"}',
        '{a:{}}': mark,
        '{"a":{}, \'b\':[c]}': '{"a":{},"b":["c"]}',
        'a: b?c\n? d?\n: :e': '{"a":"b?c","d?":":e"}',
        '["a?b", \':c\']': '["a?b",":c"]',
      },
      attempt,
    );
  });

  it('that is wrong is refused, with the line', () => {
    check(
      {
        'a: [': 'not YAML: unexpected end of the stream within a flow collection, line 1',
        'a: b: c': 'not YAML: bad indentation of a mapping entry, line 1',
        'a: b\n- c': 'not YAML: end of the stream or a document separator is expected, line 2',
        'a: "\\ud83c"': 'not YAML: \\ud83c is no character, line 1',
        'a: "\\U00110000"': 'not YAML: \\U00110000 is no character, line 1',
        'a: "\\\\ud83c \\U0001F389"': '{"a":"\\\\ud83c 🎉"}',
      },
      attempt,
    );
  });
});

/** A list of 201 nodes, used some times. */
function used(count: number): string {
  return `a: &a [${Array(200).fill('x')}]\nb: [${Array(count).fill('*a')}]`;
}

/** Lists of aliases of lists of aliases. */
function layers(count: number, width: number): string {
  return Array.from(
    { length: count },
    (_, i) => `a${i}: &a${i} [${Array(width).fill(i === 0 ? 'x' : `*a${i - 1}`)}]\n`,
  ).join('');
}

describe('anchors and merges', () => {
  it('work as in yaml.v2', () => {
    check(
      {
        '- &a b\n- *a\n- &a c\n- *a': '["b","b","c","c"]',
        '- &a {x: 1, w: 2}\n- {<<: *a, x: 3}\n- {x: 3, <<: *a}': '[{"w":2,"x":1},{"w":2,"x":3},{"w":2,"x":1}]',
        '- &a {x: 1}\n- &b {x: 2, w: 2}\n- {<<: [*a, *b, {z: 3}]}': '[{"x":1},{"w":2,"x":2},{"w":2,"x":1,"z":3}]',
        '{"<<": 1}': '{"<<":1}',
        '{<<: 1}': 'not YAML: << takes an object or a list of objects, line 1',
        '- &a [{x: 1}]\n- {<<: *a}': 'not YAML: << takes an object or a list of objects, line 2',
        '&a [*a]': 'not YAML: anchor a contains itself, line 1',
        '*a': 'not YAML: unknown anchor a, line 1',
        '&a.b c': 'not YAML: a.b is no name for an anchor, line 1',
        '- &a [b]\n- {*a : c}': 'not YAML: a list or an object as a key, line 2',
        '{? [a] : b}': 'not YAML: a list or an object as a key, line 1',
        '{&a b: *a}': '{"b":"b"}',
      },
      attempt,
    );
  });

  it('may not add more than their share', () => {
    expect(attempt(layers(20, 10))).toMatch(/^not YAML: too many aliases, line \d+$/);
    expect(attempt(layers(3, 8))).toContain('"a2"');
    // With the 199th, 99 of 100 nodes are from aliases.
    expect(attempt(used(198))).toContain('"b"');
    expect(attempt(used(199))).toBe('not YAML: too many aliases, line 2');
    const merged = `a: &a {${Array.from({ length: 2000 }, (_, i) => `k${i}: 1`)}}\nb: [${Array(2000).fill('{<<: *a}')}]`;
    expect(attempt(merged)).toContain('more than 200,000 values');
  });
});

function nested(depth: number): string {
  return `${'['.repeat(depth)}${']'.repeat(depth)}`;
}

describe('depth', () => {
  it('is limited, without a stack overflow', () => {
    expect(attempt(nested(999))).toBe(nested(999));
    expect(attempt(nested(1001))).toMatch(/^not YAML: /);
    expect(attempt('['.repeat(100_000))).toMatch(/^not YAML: /);
    expect(attempt('- '.repeat(100_000))).toMatch(/^not YAML: /);
    const chain = Array.from({ length: 2400 }, (_, i) => `- &a${i + 1} [*a${i}]\n`).join('');
    expect(attempt(`- &a0 []\n${chain}`)).toMatch(/^not YAML: (?:nested deeper than 1000|too many aliases), line \d+$/);
  });

  it('counts dotted keys', () => {
    expect(attemptManifest(`? ${'a.'.repeat(990)}b\n: 1`)).toContain('"b":1');
    expect(attemptManifest(`? ${'a.'.repeat(500_000)}b\n: 1`)).toBe('nested deeper than 1000');
    expect(attemptManifest(`v: ${'{a.b: '.repeat(600)}${'}'.repeat(600)}`)).toBe('nested deeper than 1000');
  });
});

describe('dotted keys', () => {
  it('are split and merged', () => {
    check(
      {
        'a.b.c: 1\na.b: {d.e: 2}\na: {f: 3}': '{"a":{"b":{"c":1,"d":{"e":2}},"f":3}}',
        'a.b: ~\na: {b: 1}': '{"a":{"b":1}}',
        'a: {b: 1}\na.b: ~': '{"a":{"b":1}}',
        'a: ~\na.b: 1': '{"a":{"b":1}}',
        'a: []\na.b: 1': '{"a":{"b":1}}',
        'a: [x, {p: 1}]\na.1.q: 2': '{"a":["x",{"p":1,"q":2}]}',
        'a.2: x\na.b: z': '{"a":{"0":null,"1":null,"2":"x","b":"z"}}',
        'a: {"1": x}': '{"a":[null,"x"]}',
        'a: {"1025": x, "-a": z}': '{"a":{"-a":"z","1025":"x"}}',
        'a: {"b.-1": x}': '-1 is a negative number, which no key can be',
        '__proto__.a: 1\nconstructor.b: 2': '{"__proto__":{"a":1},"constructor":{"b":2}}',
        'a..b: 1': '{"a":{"":{"b":1}}}',
      },
      attemptManifest,
    );
  });

  it('that contradict each other are refused, with the path', () => {
    check(
      {
        'conditions: none\nconditions.kibana.version: ^8.0.0': 'conditions is a text and, by a dotted key, an object',
        'a.b.c: 1\na.b: yes': 'a.b is a boolean and, by a dotted key, an object',
        'a: [{b.c: 1, b: 2}]': 'a.0.b is a number and, by a dotted key, an object',
        'a.b: 1\na: {b: 2}': 'a.b is given twice, once by a dotted key',
        'a: {1: b}': 'a has a key that is not a text',
        '~: b': 'the manifest has a key that is not a text',
        '- a': 'not an object',
        a: 'not an object',
      },
      attemptManifest,
    );
  });

  it('leave no room for a flood of empty places', () => {
    const flood = Array.from({ length: 2000 }, (_, i) => `a${i}.1000: 1\n`).join('');
    expect(attemptManifest(flood)).toMatch(/ has too many empty places in lists$/);
  });

  it('are no matter of plain YAML', () => {
    expect(attempt('a.b: 1\n1: c')).toBe('{"1":"c","a.b":1}');
  });
});

describe('conversions', () => {
  it('print floats as Go does', () => {
    const floats = [0, -0, 100_000, 999_999.5, 1e6, -12_345_678.9, 0.0001, 0.00001234, 1e100, 5e-324, NaN, -Infinity];
    const texts = '0,-0,100000,999999.5,1e+06,-1.23456789e+07,0.0001,1.234e-05,1e+100,5e-324,NaN,-Inf';
    expect(floats.map(goFloat).join()).toBe(texts);
  });

  it('take null for the zero value', () => {
    expect([toText(null), toBool(null), toList(null), toTexts(null), toMap(null), toAny(null)]).toEqual([
      '',
      false,
      [],
      [],
      Object.create(null),
      null,
    ]);
  });

  it('tell the two parts of a mixed list apart', () => {
    const mixed = manifest('v: [a, ~]\nv.b: c')['v'] as Value;
    expect(toList(mixed)).toEqual(['a', null]);
    expect(json(toMap(mixed) as Value)).toBe('{"b":"c"}');
    expect(json(toAny(mixed) as Value)).toBe('{"0":"a","1":null,"b":"c"}');
  });
});

function refused(name: string): string {
  return attemptManifest(readFileSync(`test/refused/${name}/acme_bad/1.0.0/manifest.yml`, 'utf8'));
}

describe('the test packages', () => {
  const files = readdirSync('test/cases', { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.yml'),
  );

  it('are all readable', () => {
    expect(files.length).toBeGreaterThan(100);
    for (const path of files) {
      const bytes = readFileSync(`test/cases/${path}`);
      expect(() => parseYaml(bytes), path).not.toThrow();
      if (path.endsWith('manifest.yml')) expect(() => parseManifest(bytes), path).not.toThrow();
    }
  });

  it('that are to be refused are, with the reason', () => {
    expect(refused('manifest-empty')).toBe('{}');
    expect(refused('manifest-list')).toBe('not an object');
    expect(refused('manifest-tab')).toBe('not YAML: a tab starts a token, line 2');
    expect(refused('manifest-not-yaml')).toBe(
      'not YAML: unexpected end of the stream within a flow collection, line 2',
    );
    expect(refused('dotted-conflict')).toBe('conditions is a text and, by a dotted key, an object');
  });
});
