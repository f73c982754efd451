import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanPath, escapePath, readPath } from '../../src/core/path.ts';
import { asByteString } from '../../src/tree/byte-string.ts';
import { percentDecode } from '../../src/core/query-string.ts';

const anyBytes = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 20 })
  .map((bytes) => String.fromCharCode(...bytes));
const segments = fc.oneof(
  fc.constantFrom('', '.', '..', '...', 'a', '%2e', '%2E%2e', '%2f', '.%2e', 'a%20b', '%25'),
  anyBytes,
);
const paths = fc
  .oneof(
    fc.array(segments, { maxLength: 8 }).map((list) => `/${list.join('/')}`),
    anyBytes,
  )
  .map(asByteString);

test('cleaning a clean path changes nothing', () => {
  fc.assert(
    fc.property(paths, (path) => {
      expect(cleanPath(cleanPath(path))).toBe(cleanPath(path));
    }),
  );
});

test('a clean path starts with a slash and has no empty, . or .. segment but a last empty one', () => {
  fc.assert(
    fc.property(paths, (path) => {
      const clean = cleanPath(path);
      const [first, ...rest] = clean.split('/');
      expect(first).toBe('');
      expect(rest.slice(0, -1)).not.toContain('');
      expect(rest).not.toContain('.');
      expect(rest).not.toContain('..');
      expect(clean.endsWith('/')).toBe(clean === '/' || path.endsWith('/'));
    }),
  );
});

test('a clean path is never redirected, however it is escaped', () => {
  fc.assert(
    fc.property(paths, (path) => {
      const clean = cleanPath(path);
      expect(readPath(asByteString(escapePath(clean)))).toEqual({ kind: 'path', path: clean });
    }),
  );
});

test('a location is plain, decodes to the clean path and needs no second redirect', () => {
  fc.assert(
    fc.property(paths, (raw) => {
      const target = readPath(raw);
      fc.pre(target.kind === 'redirect');
      const clean = cleanPath(percentDecode(raw) ?? asByteString(''));
      expect(target.location).toMatch(/^\/(?!\/)(?:[A-Za-z0-9\-_.~$&+,/:;=@]|%[0-9A-F]{2})*$/);
      expect(percentDecode(asByteString(target.location))).toBe(clean);
      expect(readPath(asByteString(target.location))).toEqual({ kind: 'path', path: clean });
    }),
  );
});

test('a target is bad exactly where an escape is broken', () => {
  fc.assert(
    fc.property(paths, (raw) => {
      expect(readPath(raw).kind === 'bad').toBe(/%(?![0-9A-Fa-f]{2})/.test(raw));
    }),
  );
});
