import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareText, decodeText, shownText, toBytes, toByteString } from '../../src/tree/text.ts';

/** Bytes that are UTF-8 in some places. */
const someBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'binary', maxLength: 4 }).map((text) => Buffer.from(text)),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts));

test('any bytes come back from their text', () => {
  fc.assert(
    fc.property(someBytes, (bytes) => {
      expect(toBytes(toByteString(decodeText(bytes)))).toEqual(bytes);
    }),
  );
});

test('different bytes have different texts, and UTF-8 has its own', () => {
  fc.assert(
    fc.property(someBytes, someBytes, (a, b) => {
      expect(decodeText(a) === decodeText(b)).toBe(a.equals(b));
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(decodeText(Buffer.from(text))).toBe(text);
      expect(toBytes(toByteString(text))).toEqual(Buffer.from(text));
      expect(shownText(toByteString(text))).toBe(text);
    }),
  );
});

test('texts are in the order of their bytes', () => {
  fc.assert(
    fc.property(someBytes, someBytes, (a, b) => {
      expect(compareText(decodeText(a), decodeText(b))).toBe(Buffer.compare(a, b));
    }),
  );
});
