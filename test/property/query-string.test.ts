import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { asByteString } from '../../src/tree/byte-string.ts';
import { parseQueryString } from '../../src/core/query-string.ts';

const byteStrings = (alphabet: fc.Arbitrary<number>) =>
  fc.array(alphabet, { maxLength: 40 }).map((bytes) => asByteString(String.fromCharCode(...bytes)));
const anyByte = fc.integer({ min: 0, max: 255 });
const telling = fc.constantFrom(...Array.from('&=;%+a4fFgz\0\xFF', (char) => char.charCodeAt(0)));

const anyBytes = byteStrings(anyByte);
const queries = fc.oneof(anyBytes, byteStrings(telling));
const names = fc.oneof(fc.constantFrom('a', 'b', '', '__proto__', 'constructor', 'toString'), anyBytes);
const pairs = fc.array(fc.tuple(names, anyBytes), { maxLength: 8 });

const escapeAll = (bytes: string) =>
  Array.from(bytes, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
const encode = (list: ReadonlyArray<readonly [string, string]>) =>
  asByteString(list.map(([name, value]) => `${escapeAll(name)}=${escapeAll(value)}`).join('&'));

test('any bytes come back from their encoded form, in the order sent for each name', () => {
  fc.assert(
    fc.property(pairs, (sent) => {
      const parsed = parseQueryString(encode(sent));
      const expected = new Map<string, string[]>();
      sent.forEach(([name, value]) => expected.set(name, [...(expected.get(name) ?? []), value]));
      expect(new Map(Object.entries(parsed))).toEqual(expected);
    }),
  );
});

test('no query makes it throw, and every value is a byte string', () => {
  fc.assert(
    fc.property(queries, (query) => {
      const parsed = Object.entries(parseQueryString(query));
      const texts = parsed.flatMap(([name, values]) => [name, ...values]);
      expect(texts.filter((text) => /[^\0-\xFF]/.test(text))).toEqual([]);
      expect(parsed.filter(([, values]) => values.length === 0)).toEqual([]);
    }),
  );
});

test('two queries joined by & have the parameters of the first, then those of the second', () => {
  fc.assert(
    fc.property(queries, queries, (first, second) => {
      const [a, b] = [parseQueryString(first), parseQueryString(second)];
      const joined = parseQueryString(asByteString(`${first}&${second}`));
      const expected = Object.keys({ ...a, ...b }).map((name) => (a[name] ?? []).concat(b[name] ?? []));
      expect(Object.keys(joined).map((name) => joined[name])).toEqual(expected);
    }),
  );
});

test('a pair with a semicolon or a broken escape changes nothing', () => {
  fc.assert(
    fc.property(pairs, anyBytes, fc.constantFrom(';', '%', '%4', '%zz', '%g0', '%0g'), (sent, text, broken) => {
      const pair = `${escapeAll(text)}${broken}`;
      expect(parseQueryString(asByteString(`${pair}&${encode(sent)}&a=${pair}`))).toEqual(
        parseQueryString(encode(sent)),
      );
    }),
  );
});
